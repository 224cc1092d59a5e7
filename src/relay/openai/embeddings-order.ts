import { CodedError } from '../../core/errors.ts';
import { FRAME_CAP } from '../../protocol/constants.ts';
import type { RelayModel } from '../catalogue.ts';
import { countTokens } from '../jobs/embed-job.ts';
import type { EmbeddingInput, EmbeddingsRequest } from './embeddings-request.ts';
import { LONGEST_TOKEN } from './job-order.ts';
import { invalidValue } from './parameter.ts';

/** What a frame holds beside ids or vectors: names, hashes, a signed receipt. */
const FRAME_REST = 4 * 1024;
const ROOM = FRAME_CAP - FRAME_REST;

/** What is asked for, before anybody says who pays. */
export interface EmbeddingsOrder {
  readonly model: RelayModel;
  /** Numbers of each vector. */
  readonly dimensions: number;
  readonly inputs: readonly (readonly number[])[];
  /** The inputs in order, cut into jobs that fit a frame there and back (rule V1). */
  readonly pieces: readonly (readonly (readonly number[])[])[];
  /** Of all inputs: what is paid for. */
  readonly tokens: number;
}

/** The longest input in tokens: the model's own limit, and what surely fits a frame. */
export function usableInput({ context, vocab }: RelayModel): number {
  return Math.min(context, Math.floor((ROOM - 2) / (String(vocab - 1).length + 1)));
}

/**
 * Turns a request into token ids: a text as the model's tokenizer encodes a whole text, ids as they are.
 * @throws CodedError `context_length_exceeded`, `invalid_value`
 */
export function createEmbeddingsOrder(request: EmbeddingsRequest, model: RelayModel): EmbeddingsOrder {
  const dimensions = dimensionsOf(request, model);
  const inputs = request.inputs.map((input, at) => idsOf(input, at, model));
  const pieces = cutPieces(inputs, dimensions);
  return { model, dimensions, inputs, pieces, tokens: countTokens(inputs) };
}

function dimensionsOf({ dimensions }: EmbeddingsRequest, { embedding, id }: RelayModel): number {
  if (!embedding) {
    const message = `The model '${id}' writes texts and makes no vectors: use POST /v1/chat/completions.`;
    throw new CodedError('model_not_supported', message, { param: 'model' });
  }
  const { dimensions: most, leastDimensions: least } = embedding;
  if (dimensions === undefined || dimensions === most) return most;
  if (least === most)
    throw invalidValue('dimensions', `the vectors of this model have ${most} numbers and can't be cut.`);
  if (dimensions < least || dimensions > most)
    throw invalidValue('dimensions', `the vectors of this model can be cut to ${least} to ${most} numbers.`);
  return dimensions;
}

function idsOf(input: EmbeddingInput, at: number, model: RelayModel): readonly number[] {
  const most = usableInput(model);
  if (typeof input === 'string') {
    if (input.length > most * LONGEST_TOKEN) throw tooLong(most, `${input.length} characters`, at);
    const ids = model.tokenizer.input(input);
    if (ids.length > most) throw tooLong(most, `${ids.length} tokens`, at);
    return ids;
  }
  if (input.length > most) throw tooLong(most, `${input.length} tokens`, at);
  if (input.some((id) => id >= model.vocab))
    throw invalidValue('input', `token ids of this model are below ${model.vocab}.`);
  return input;
}

function tooLong(most: number, given: string, at: number): CodedError {
  const message = `This model's maximum context length is ${most} tokens, however you requested ${given} in input ${at}. Please reduce the length of your input.`;
  return new CodedError('context_length_exceeded', message, { param: 'input' });
}

/** Consecutive inputs go together as long as their ids fit a frame, and their vectors in base64 the one back. */
function cutPieces(
  inputs: readonly (readonly number[])[],
  dimensions: number,
): (readonly (readonly number[])[])[] {
  const most = Math.max(1, Math.floor((ROOM * 3) / 4 / (4 * dimensions)));
  const pieces: (readonly number[])[][] = [];
  let left = 0;
  for (const ids of inputs) {
    const bytes = JSON.stringify(ids).length + 1;
    const last = pieces.at(-1);
    if (last && bytes <= left && last.length < most) {
      last.push(ids);
      left -= bytes;
    } else {
      pieces.push([ids]);
      left = ROOM - bytes;
    }
  }
  return pieces;
}
