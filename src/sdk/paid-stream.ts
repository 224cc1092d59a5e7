import { CodedError, errorBody } from '../core/errors.ts';
import { parseChatChunk, withoutIds } from './chat-chunk.ts';
import { parseNeedVoucher, parsePaymentEnd, type PaymentEnd } from './payment-messages.ts';
import { readEvents } from './sse-events.ts';
import type { StreamAccount } from './stream-account.ts';

/** What arrived of one choice. */
export interface Arrived {
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[];
}

export interface StreamParts {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Answers that were asked for. */
  readonly choices: number;
  /** One for each choice; none where nobody pays. */
  readonly accounts: readonly StreamAccount[];
  /** The caller sees the ids too. */
  readonly keepIds: boolean;
  /** The answer came to its end: `[DONE]` is next. Of each choice what arrived, and the relay's word on its money. */
  readonly onWhole: (arrived: readonly Arrived[], ends: readonly (PaymentEnd | undefined)[]) => void;
  /** It broke off, was given up, or ended with an error. */
  readonly onBroken: (arrived: readonly Arrived[]) => void;
}

/**
 * An answer's events as the caller may see them: counts the ids, pays on, and takes out what was only for this
 * client. Everything else is yielded as it came.
 */
export async function* followStream(parts: StreamParts): AsyncGenerator<string> {
  const { accounts, body, choices, onWhole, onBroken } = parts;
  const promptIds: number[] = [];
  const outputs = Array.from({ length: choices }, (): number[] => []);
  const arrived = outputs.map((outputIds): Arrived => ({ promptIds, outputIds }));
  const ends: (PaymentEnd | undefined)[] = Array(choices).fill(undefined);
  let isWhole = false;

  function takeChunk(raw: string, data: string): string | undefined {
    const chunk = parseChatChunk(data);
    if (!chunk) return raw;
    if (chunk.prompt_token_ids) {
      promptIds.push(...chunk.prompt_token_ids);
      for (const account of accounts) account.prompt(chunk.prompt_token_ids.length);
    }
    for (const { index = 0, token_ids: ids = [] } of chunk.choices ?? []) {
      outputs[index]?.push(...ids);
      if (ids.length > 0) accounts[index]?.tokens(ids.length);
    }
    return parts.keepIds ? raw : withoutIds(raw, chunk);
  }

  try {
    for await (const { raw, name, data } of readEvents(body)) {
      if (name === 'payment-need-voucher') {
        const need = parseNeedVoucher(data ?? '');
        // It speaks of the channel, and each choice may have come to the end of what it was covered for.
        if (need) for (const account of accounts) account.need(need);
      } else if (name === 'payment-receipt') {
        const end = parsePaymentEnd(data ?? '');
        if (end && end.receipt.choice < choices) ends[end.receipt.choice] = end;
      } else if (data === '[DONE]') {
        isWhole = true;
        onWhole(arrived, ends);
        yield raw;
      } else {
        const seen = data === undefined ? raw : takeChunk(raw, data);
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
