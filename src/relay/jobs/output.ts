import { CodedError } from '../../core/errors.ts';
import { createStopCutter } from '../../text/stop-strings.ts';
import { createTextStream } from '../../text/text-stream.ts';
import type { RelayModel } from '../catalogue.ts';

/** What a job has given so far: the accepted ids (rule L4), and the text that is made of them here and nowhere else. */
export interface Output {
  readonly ids: readonly number[];
  /** A stop id or a stop string came: nothing may follow (rule A2). */
  readonly stopped: boolean;
  /**
   * Takes ids up to the end of the answer and returns the text that became certain with them. What lies beyond the
   * end is not taken: `ids` tells how many were. @throws CodedError `token_unknown`: nothing is taken then.
   */
  append(ids: readonly number[]): string;
  /** What was held back at the end of the answer: half a character, or the beginning of a stop string that never came. */
  rest(): string;
}

export function createOutput(model: RelayModel, stop: readonly string[]): Output {
  const ids: number[] = [];
  const eos = new Set(model.eosTokenIds);
  const stream = createTextStream(model.tokenizer);
  const cutter = createStopCutter(stop);
  let ended: 'id' | 'string' | undefined;

  function take(id: number): string {
    if (ended) return '';
    ids.push(id);
    if (eos.has(id)) {
      ended = 'id';
      return '';
    }
    const { text, hit } = cutter.push(stream.push([id]));
    if (hit) ended = 'string';
    return text;
  }

  return {
    ids,
    get stopped() {
      return ended !== undefined;
    },
    append(more) {
      const unknown = more.find((id) => id >= model.vocab);
      if (unknown !== undefined)
        throw new CodedError('token_unknown', 'A token id is not in the vocabulary.', { id: unknown });
      // One call for many ids costs one decoding: possible where nothing has to be found at an exact id.
      if (stop.length === 0 && !ended && !more.some((id) => eos.has(id))) {
        for (const id of more) ids.push(id);
        return stream.push(more);
      }
      let text = '';
      for (const id of more) text += take(id);
      return text;
    },
    rest() {
      if (ended === 'string') return '';
      const { text, hit } = cutter.push(stream.end());
      return hit ? text : text + cutter.end();
    },
  };
}
