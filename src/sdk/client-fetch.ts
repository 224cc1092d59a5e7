import { CodedError } from '../core/errors.ts';
import { jobIdSchema } from '../protocol/wire/job.ts';
import { streamOf } from './answer-stream.ts';
import type { Channel } from './channel.ts';
import { CHAT_PATH } from './channel-requests.ts';
import { type ChatOrder, readChatOrder } from './chat-order.ts';
import type { ClientParts } from './client-parts.ts';
import { verifyBroken, verifyEnd } from './job-end.ts';
import { type StartedJob, startJob } from './job-start.ts';
import { followStream } from './paid-stream.ts';
import { discard, refusalOf } from './relay-answer.ts';
import type { Fetch } from './relay-endpoint.ts';
import { createStreamAccount } from './stream-account.ts';
import type { VoucherSender } from './voucher-sender.ts';
import { collectAnswer } from './whole-answer.ts';

/** A channel and what brings its vouchers to the relay. */
export interface Purse {
  readonly channel: Channel;
  readonly sender: VoucherSender;
}

export interface FetchParts {
  readonly parts: ClientParts;
  readonly fetch: Fetch;
  /** Reads the relay's terms, once. */
  readonly purse: (signal: AbortSignal) => Promise<Purse>;
}

/** Errors that a caller of `fetch` sees as what they are: no answer came, or it gave up. */
const THROWN = new Set(['relay_unreachable', 'aborted', 'timeout']);

/**
 * A `fetch` that pays for chat completions of one relay and passes everything else through. What this side refuses
 * to pay comes back as an answer of status 402 with OpenAI's error body, so that any client shows it.
 */
export function createClientFetch({ parts, fetch, purse }: FetchParts): Fetch {
  return async (input, init = {}) => {
    const { url, method } = targetOf(input, init);
    if (method !== 'POST' || !URL.canParse(url) || parts.relay.pathOf(url) !== CHAT_PATH)
      return fetch(input, init);
    const text = await bodyOf(input, init);
    const order = readChatOrder(text);
    if (!order) return fetch(input, { ...init, body: text });
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
    headers.delete('content-length');
    const abort = new AbortController();
    const outer = init.signal ?? (input instanceof Request ? input.signal : undefined);
    const signal = outer ? AbortSignal.any([outer, abort.signal]) : abort.signal;
    const asked = await parts.relay.post(CHAT_PATH, { headers, body: order.bodyOf(), signal });
    if (asked.ok)
      return answer({ parts, order, abort, signal, started: { response: asked, job: undefined } });
    if (asked.status !== 402 || !asked.headers.has('www-authenticate')) return asked;
    await discard(asked);
    try {
      const payer = await purse(signal);
      const { channel } = payer;
      const { maxPrice } = parts;
      const started = await startJob({ channel, order, asked, headers, maxPrice, signal });
      if (!started.job) return started.response;
      return await answer({ parts, order, abort, signal, started, purse: payer });
    } catch (error) {
      if (!(error instanceof CodedError) || THROWN.has(error.code)) throw error;
      parts.events.emit({ type: 'problem', error });
      return refusalOf(error);
    }
  };
}

function targetOf(input: string | URL | Request, init: RequestInit): { url: string; method: string } {
  if (input instanceof Request) return { url: input.url, method: init.method ?? input.method };
  return { url: String(input), method: init.method ?? 'GET' };
}

async function bodyOf(input: string | URL | Request, { body }: RequestInit): Promise<string> {
  if (typeof body === 'string') return body;
  if (body) return new Response(body).text();
  return input instanceof Request ? input.text() : '';
}

interface AnswerParts {
  readonly parts: ClientParts;
  readonly order: ChatOrder;
  readonly abort: AbortController;
  /** The caller's, and that of `abort`. */
  readonly signal: AbortSignal;
  readonly started: StartedJob;
  readonly purse?: Purse;
}

/** The relay's stream, followed to its end, as the caller wants it: a stream or one piece. */
async function answer({ parts, order, abort, signal, started, purse }: AnswerParts): Promise<Response> {
  const { job, response } = started;
  if (!response.body) return response;
  const { model: modelId, wantsIds, wantsStream } = order;
  const id = jobIdSchema.safeParse(response.headers.get('x-afterglow-job')).data;
  const account = job && purse ? createStreamAccount(purse.channel, purse.sender, job) : undefined;
  const events = followStream({
    body: response.body,
    account,
    keepIds: wantsIds || !wantsStream,
    onWhole(arrived, end) {
      const cost = account?.settle(end) ?? 0n;
      parts.background.add(verifyEnd(parts, { id, modelId, arrived }, cost, end));
      if (purse) parts.background.add(purse.channel.keep());
    },
    onBroken(arrived) {
      const unclear = account?.leave();
      parts.background.add(verifyBroken(parts, purse?.channel, { id, modelId, arrived }, unclear));
    },
  });
  const stream = streamOf(events, abort, signal);
  const headers = plainHeaders(response.headers);
  if (wantsStream) return new Response(stream, { status: response.status, headers });
  headers.set('content-type', 'application/json');
  try {
    const { status, body } = await collectAnswer(stream, wantsIds);
    return new Response(JSON.stringify(body), { status, headers });
  } catch (error) {
    if (error instanceof CodedError) return refusalOf(error, 502);
    throw error;
  }
}

/** Without those that spoke of the body as it was on its way, and of the payment. */
function plainHeaders(from: Headers): Headers {
  const headers = new Headers(from);
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding', 'payment-receipt'])
    headers.delete(name);
  return headers;
}
