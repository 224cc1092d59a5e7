import { CodedError } from '../core/errors.ts';
import { streamOf } from './answer-stream.ts';
import type { Channel } from './channel.ts';
import { CHAT_PATH, EMBED_PATH } from './channel-requests.ts';
import { type ChatOrder, readChatOrder } from './chat-order.ts';
import type { ClientParts } from './client-parts.ts';
import { answerVectors } from './embed-answer.ts';
import { readEmbedOrder } from './embed-order.ts';
import { type EndedJob, verifyBroken, verifyEnd } from './job-end.ts';
import { type StartedJobs, startJobs } from './job-start.ts';
import { type Arrived, followStream } from './paid-stream.ts';
import { discard, jobIdsIn, plainHeaders, refusalOf } from './relay-answer.ts';
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
 * A `fetch` that pays for chat completions and vectors of one relay and passes everything else through. What this side refuses
 * to pay comes back as an answer of status 402 with OpenAI's error body, so that any client shows it.
 */
export function createClientFetch({ parts, fetch, purse }: FetchParts): Fetch {
  return async (input, init = {}) => {
    const { url, method } = targetOf(input, init);
    const path = method === 'POST' && URL.canParse(url) ? parts.relay.pathOf(url) : undefined;
    if (path !== CHAT_PATH && path !== EMBED_PATH) return fetch(input, init);
    const text = await bodyOf(input, init);
    const order = path === CHAT_PATH ? readChatOrder(text) : readEmbedOrder(text);
    if (!order) return fetch(input, { ...init, body: text });
    const headers = new Headers(init.headers ?? (input instanceof Request ? input.headers : {}));
    headers.delete('content-length');
    const abort = new AbortController();
    const outer = init.signal ?? (input instanceof Request ? input.signal : undefined);
    const signal = outer ? AbortSignal.any([outer, abort.signal]) : abort.signal;
    const asked = await parts.relay.post(path, { headers, body: order.bodyOf(), signal });
    const answer = (started: StartedJobs, payer?: Purse): Promise<Response> =>
      'wantsStream' in order
        ? answerChat({ parts, order, abort, signal, started, ...(payer ? { purse: payer } : {}) })
        : answerVectors({ parts, order, started, ...(payer ? { channel: payer.channel } : {}) });
    if (asked.ok) return answer({ response: asked, jobs: [] });
    if (asked.status !== 402 || !asked.headers.has('www-authenticate')) return asked;
    await discard(asked);
    try {
      const payer = await purse(signal);
      const { channel } = payer;
      const { maxPrice } = parts;
      const started = await startJobs({ channel, order, asked, headers, maxPrice, signal });
      if (started.jobs.length === 0) return started.response;
      return await answer(started, payer);
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
  readonly started: StartedJobs;
  readonly purse?: Purse;
}

/** The relay's stream, followed to its end, as the caller wants it: a stream or one piece. */
async function answerChat({ parts, order, abort, signal, started, purse }: AnswerParts): Promise<Response> {
  const { jobs, response } = started;
  if (!response.body) return response;
  const { choices, model: modelId, wantsIds, wantsStream } = order;
  const ids = jobIdsIn(response.headers);
  const accounts = purse ? jobs.map((job) => createStreamAccount(purse.channel, purse.sender, job)) : [];
  const endedJob = (arrived: Arrived, choice: number): EndedJob => ({
    id: ids[choice],
    modelId,
    choice,
    arrived,
  });
  const events = followStream({
    body: response.body,
    choices,
    accounts,
    keepIds: wantsIds || !wantsStream,
    onWhole(arrived, ends) {
      for (const [choice, own] of arrived.entries()) {
        const cost = accounts[choice]?.settle(ends[choice]) ?? 0n;
        parts.background.add(verifyEnd(parts, endedJob(own, choice), cost, ends[choice]));
      }
      if (purse) parts.background.add(purse.channel.keep());
    },
    onBroken(arrived) {
      for (const [choice, own] of arrived.entries()) {
        const unclear = accounts[choice]?.leave();
        parts.background.add(verifyBroken(parts, purse?.channel, endedJob(own, choice), unclear));
      }
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
