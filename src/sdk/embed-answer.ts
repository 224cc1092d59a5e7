import { z } from 'zod';
import { concat, type Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { anyReceiptSchema, verifyEmbedReceipt } from '../protocol/money/embed-job-receipt.ts';
import { promptFee } from '../protocol/money/price.ts';
import { fromBase64, vectorBytes } from '../protocol/wire/vectors.ts';
import type { Channel } from './channel.ts';
import type { ClientParts } from './client-parts.ts';
import type { EmbedOrder } from './embed-order.ts';
import { fetchReceipt, tellMissing } from './job-end.ts';
import type { StartedJobs } from './job-start.ts';
import { jobIdsIn, plainHeaders, refusalOf } from './relay-answer.ts';

const bodySchema = z.looseObject({
  data: z.array(
    z.looseObject({
      embedding: z.union([z.string(), z.array(z.number())]),
      token_ids: z.array(z.int()),
    }),
  ),
  usage: z.looseObject({ prompt_tokens: z.int() }),
});
type Body = z.infer<typeof bodySchema>;

export interface EmbedAnswerParts {
  readonly parts: ClientParts;
  readonly order: EmbedOrder;
  readonly started: StartedJobs;
  /** Of what was paid for. */
  readonly channel?: Channel;
}

/**
 * Reads the vectors, settles what they cost by the ids that were embedded, and has the receipts checked. The ids are
 * left out where the caller did not ask for them.
 */
export async function answerVectors({ parts, order, started, channel }: EmbedAnswerParts): Promise<Response> {
  const { response, jobs } = started;
  const [job] = jobs;
  const read = await readBody(response).catch((error: unknown) => {
    if (job) channel?.spending.leaveUnclear(job);
    if (error instanceof CodedError) return error;
    throw error;
  });
  if (read instanceof CodedError) return refusalOf(read, 502);
  const ids = jobIdsIn(response.headers).filter((id) => id !== undefined);
  const tokens = read.data.reduce((sum, { token_ids: list }) => sum + list.length, 0);
  const problems = problemsOf(read, order, tokens);
  let cost = 0n;
  if (job && channel) {
    if (tokens !== job.terms.promptTokens) problems.push('prompt_count');
    const counted = promptFee({ ...job.terms, promptTokens: Math.min(tokens, job.terms.promptTokens) });
    cost = counted;
    channel.spending.settle(job, cost);
    parts.background.add(channel.keep());
  }
  parts.background.add(checkReceipts(parts, order, read, ids, problems, cost));
  const data = read.data.map(({ token_ids: list, ...item }) =>
    order.wantsIds ? { ...item, token_ids: list } : item,
  );
  const headers = plainHeaders(response.headers);
  return new Response(JSON.stringify({ ...read, data }), { status: response.status, headers });
}

/** @throws CodedError `answer_malformed`, and `relay_unreachable` where the answer broke off */
async function readBody(response: Response): Promise<Body> {
  const text = await response.text().catch((cause: unknown) => {
    throw new CodedError('relay_unreachable', 'The answer broke off.', undefined, cause);
  });
  try {
    return bodySchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CodedError('answer_malformed', 'The relay’s vectors can’t be read.', undefined, cause);
  }
}

/** What does not fit the request. */
function problemsOf({ data, usage }: Body, { inputs }: EmbedOrder, tokens: number): string[] {
  const problems: string[] = [];
  if (usage.prompt_tokens !== tokens) problems.push('usage_count');
  if (inputs && JSON.stringify(inputs) !== JSON.stringify(data.map(({ token_ids: list }) => list)))
    problems.push('inputs_differ');
  return problems;
}

/** Each job's receipt must be about its part of the inputs and of the vectors, in order. */
async function checkReceipts(
  parts: ClientParts,
  order: EmbedOrder,
  { data }: Body,
  jobs: readonly Hex[],
  found: readonly string[],
  cost: bigint,
): Promise<void> {
  let at = 0;
  for (const job of jobs) {
    const receipt = anyReceiptSchema.safeParse(await fetchReceipt(parts, job)).data;
    if (!receipt || !('kind' in receipt)) return tellMissing(parts, job);
    const part = data.slice(at, (at += receipt.inputs));
    const evidence = {
      inputs: part.map(({ token_ids: list }) => list),
      vectors: concat(...part.map(({ embedding }) => bytesOf(embedding))),
    };
    const problems = [...found, ...verifyEmbedReceipt(receipt, evidence).map(({ code }) => code)];
    if (receipt.job !== job) problems.push('other_job');
    if (parts.terms && receipt.relay !== parts.terms.relay) problems.push('other_relay');
    if (receipt.modelId !== order.model) problems.push('other_model');
    // One cost is told, with the first job: the receipts share it.
    const own = job === jobs[0] ? cost : 0n;
    parts.events.emit({ type: 'vectors', job, receipt, problems, cost: own });
  }
  if (at < data.length) tellMissing(parts, undefined);
}

function bytesOf(embedding: string | readonly number[]): Uint8Array {
  return typeof embedding === 'string' ? fromBase64(embedding) : vectorBytes([Float32Array.from(embedding)]);
}
