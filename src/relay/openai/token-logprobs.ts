import type { TokenAlternative, TokenLogprob } from '../../protocol/openai/chat-choice.ts';
import type { TokenLogprobs } from '../../protocol/wire/logprobs.ts';
import { createStopCutter } from '../../text/stop-strings.ts';
import { createTextStream } from '../../text/text-stream.ts';
import type { RelayModel } from '../catalogue.ts';

/** What OpenAI writes where JSON has no number. */
const LEAST_LOGPROB = -9999;

/**
 * The log-probabilities of an answer, each given out with the text that it belongs to (rule A10): held back as long as
 * the text is, dropped where the text is cut before a stop string.
 */
export interface LogprobsStream {
  /** @returns the tokens whose text became certain with these ids */
  push(ids: readonly number[], logprobs: readonly TokenLogprobs[]): TokenLogprob[];
  /** The rest, at the answer's end. */
  end(): TokenLogprob[];
}

interface Held {
  readonly entry: TokenLogprob;
  /** Where its text begins, in characters of the whole text. */
  readonly from: number;
  /** Where it ends; undefined while it is half a character. */
  to: number | undefined;
}

export function createLogprobsStream(model: RelayModel, stop: readonly string[]): LogprobsStream {
  const text = createTextStream(model.tokenizer);
  const cutter = createStopCutter(stop);
  const eos = new Set(model.eosTokenIds);
  const held: Held[] = [];
  let certain = 0;
  let released = 0;
  let isCut = false;
  let isOver = false;

  function take(id: number, logprobs: TokenLogprobs): void {
    // What ends the answer has no text in it.
    if (isOver || eos.has(id)) return void (isOver = true);
    held.push({ entry: entryOf(model, id, logprobs), from: certain, to: undefined });
    const piece = text.push([id]);
    if (piece !== '') {
      certain += piece.length;
      for (const token of held) token.to ??= certain;
    }
    const { text: free, hit } = cutter.push(piece);
    released += free.length;
    if (!hit) return;
    isOver = isCut = true;
    // A token that reaches into the stop string is shown with what came of it.
    held.splice(held.findLastIndex(({ from }) => from < released) + 1);
  }

  function isFree({ to }: Held): boolean {
    return isCut || (to !== undefined && to <= released);
  }

  return {
    push(ids, logprobs) {
      for (const [at, id] of ids.entries()) take(id, logprobs[at] as TokenLogprobs);
      const waits = held.findIndex((token) => !isFree(token));
      return held.splice(0, waits < 0 ? held.length : waits).map(({ entry }) => entry);
    },
    end: () => held.splice(0).map(({ entry }) => entry),
  };
}

function entryOf(model: RelayModel, id: number, [logprob, topIds, topLogprobs]: TokenLogprobs): TokenLogprob {
  const top = topIds.map((topId, at) => alternativeOf(model, topId, topLogprobs[at] as number));
  return { ...alternativeOf(model, id, logprob), top_logprobs: top };
}

function alternativeOf({ tokenizer }: RelayModel, id: number, logprob: number): TokenAlternative {
  const bytes = tokenizer.bytesOf(id);
  return { token: textOf(bytes), logprob: Math.max(LEAST_LOGPROB, logprob), bytes: [...bytes] };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Half a character is written as OpenAI does it. */
function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return `bytes:${Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
  }
}
