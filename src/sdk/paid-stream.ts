import { CodedError, errorBody } from '../core/errors.ts';
import { parseChatChunk, withoutIds } from './chat-chunk.ts';
import { parseNeedVoucher, parsePaymentEnd, type PaymentEnd } from './payment-messages.ts';
import { readEvents } from './sse-events.ts';
import type { StreamAccount } from './stream-account.ts';

/** What arrived of an answer. */
export interface Arrived {
  readonly promptIds: number[];
  readonly outputIds: number[];
}

export interface StreamParts {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Undefined where nobody pays. */
  readonly account: StreamAccount | undefined;
  /** The caller sees the ids too. */
  readonly keepIds: boolean;
  /** The answer came to its end: `[DONE]` is next. */
  readonly onWhole: (arrived: Arrived, end: PaymentEnd | undefined) => void;
  /** It broke off, was given up, or ended with an error. */
  readonly onBroken: (arrived: Arrived) => void;
}

/**
 * An answer's events as the caller may see them: counts the ids, pays on, and takes out what was only for this
 * client. Everything else is yielded as it came.
 */
export async function* followStream(parts: StreamParts): AsyncGenerator<string> {
  const { account, body, keepIds, onWhole, onBroken } = parts;
  const arrived: Arrived = { promptIds: [], outputIds: [] };
  let end: PaymentEnd | undefined;
  let isWhole = false;
  try {
    for await (const { raw, name, data } of readEvents(body)) {
      if (name === 'payment-need-voucher') {
        const need = parseNeedVoucher(data ?? '');
        if (need) account?.need(need);
      } else if (name === 'payment-receipt') {
        end = parsePaymentEnd(data ?? '');
      } else if (data === '[DONE]') {
        isWhole = true;
        onWhole(arrived, end);
        yield raw;
      } else {
        const seen = data === undefined ? raw : takeChunk(raw, data, arrived, parts, keepIds);
        if (seen !== undefined) yield seen;
      }
    }
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'relay_overcharges') throw error;
    // As the relay itself tells of a failure in mid-stream (rule A2).
    const { code, message } = errorBody(error);
    yield `data: ${JSON.stringify({ error: { message, type: 'payment_required', param: null, code } })}\n\n`;
  } finally {
    if (!isWhole) onBroken(arrived);
  }
}

function takeChunk(
  raw: string,
  data: string,
  arrived: Arrived,
  { account }: StreamParts,
  keepIds: boolean,
): string | undefined {
  const chunk = parseChatChunk(data);
  if (!chunk) return raw;
  if (chunk.prompt_token_ids) {
    arrived.promptIds.push(...chunk.prompt_token_ids);
    account?.prompt(chunk.prompt_token_ids.length);
  }
  const ids = chunk.choices?.[0]?.token_ids ?? [];
  arrived.outputIds.push(...ids);
  if (ids.length > 0) account?.tokens(ids.length);
  return keepIds ? raw : withoutIds(raw, chunk);
}
