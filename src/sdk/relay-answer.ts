import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { jobIdSchema } from '../protocol/wire/job.ts';
import { parseJson } from './payment-messages.ts';

const errorSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** An answer that is not a success as an error: the relay's own code and words where it gave some. */
export async function errorOf(response: Response): Promise<CodedError> {
  const parsed = errorSchema.safeParse(parseJson(await response.text().catch(() => '')));
  const { status } = response;
  if (!parsed.success) return new CodedError('relay_failed', `The relay answered ${status}.`, { status });
  return new CodedError(parsed.data.error.code, parsed.data.error.message, { status });
}

/** The relay's names for an answer's jobs, one for each choice. */
export function jobIdsIn(headers: Headers): (Hex | undefined)[] {
  const names = headers.get('x-afterglow-jobs') ?? headers.get('x-afterglow-job') ?? '';
  return names.split(',').map((name) => jobIdSchema.safeParse(name.trim()).data);
}

/** Lets go of an answer whose body says nothing more: some runtimes hold its connection until it is read. */
export async function discard({ body }: Response): Promise<void> {
  await body?.cancel().catch(() => {});
}

/**
 * An error as the answer of an OpenAI server, so that clients of any kind show it: 402 unless it says otherwise, and
 * never worth a retry.
 */
export function refusalOf(error: CodedError, status = 402): Response {
  const { code, message } = error;
  const type = status === 402 ? 'payment_required' : 'api_error';
  return Response.json(
    { error: { message, type, param: null, code } },
    { status, headers: { 'x-should-retry': 'false' } },
  );
}

/** Without those that spoke of the body as it was on its way, and of the payment. */
export function plainHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'payment-receipt'])
    headers.delete(name);
  return headers;
}
