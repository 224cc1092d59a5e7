import { expect, it } from 'vitest';
import type { TokenLogprobs } from '../../../src/protocol/wire/logprobs.ts';
import { checkLogprobs } from '../../../src/relay/jobs/delta-logprobs.ts';
import { BYTE_MODEL } from './support/byte-model.ts';

const order = (topLogprobs?: number) => ({
  model: BYTE_MODEL,
  ...(topLogprobs === undefined ? {} : { topLogprobs }),
});

it('C7 the log-probabilities of a delta are taken where they are what was asked for', () => {
  checkLogprobs(order(), 3, undefined);
  checkLogprobs(order(0), 2, [
    [-1, [], []],
    [0, [], []],
  ]);
  checkLogprobs(order(2), 1, [[-1, [5, 256], [-0.25, -0.25]]]);
});

it.each<[string, number | undefined, number, TokenLogprobs[] | undefined]>([
  ['unasked', undefined, 1, [[-1, [], []]]],
  ['count', 0, 1, undefined],
  ['count', 0, 2, [[-1, [], []]]],
  ['alternatives', 2, 1, [[-1, [1], [-1]]]],
  ['sign', 0, 1, [[0.5, [], []]]],
  ['vocabulary', 1, 1, [[-1, [BYTE_MODEL.vocab], [-1]]]],
  ['order', 2, 1, [[-1, [1, 2], [-2, -1]]]],
  ['order', 1, 1, [[-1, [1], [0.5]]]],
])('C7 others are refused: %s', (fault, asked, count, logprobs) => {
  const refused = expect.objectContaining({ code: 'logprobs_invalid', data: { fault } });
  expect(() => checkLogprobs(order(asked), count, logprobs)).toThrow(refused);
});
