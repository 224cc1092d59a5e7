import { describe, expect, it } from 'vitest';
import type { CodedError } from '../../../src/core/errors.ts';
import { FRAME_CAP } from '../../../src/protocol/constants.ts';
import { parseProviderMessage, parseRelayMessage } from '../../../src/protocol/wire/messages.ts';

const job = `0x${'0a'.repeat(16)}`;
const codeOf = (frame: string): string => {
  try {
    parseProviderMessage(frame);
  } catch (error) {
    return (error as CodedError).code;
  }
  return 'accepted';
};

describe('W1 frames', () => {
  it('that are too large, no JSON or of no known shape have their codes', () => {
    expect(codeOf('x'.repeat(FRAME_CAP + 1))).toBe('frame_too_large');
    expect(codeOf('{"type":')).toBe('frame_malformed');
    expect(codeOf('[]')).toBe('message_invalid');
    expect(codeOf('{"type":"mint"}')).toBe('message_invalid');
    expect(codeOf(JSON.stringify({ type: 'grant', slots: -1 }))).toBe('message_invalid');
  });

  it.each([
    { job: '0x0a', lease: 0, ids: [1] },
    { job, lease: -1, ids: [1] },
    { job, lease: 0, ids: [] },
    { job, lease: 0, ids: [1.5] },
    { job, lease: 0, ids: [-1] },
    { job, lease: 0, ids: ['1'] },
    { job, lease: 256, ids: [1] },
    { job, ids: [1] },
    { job, lease: 0, ids: [1], logprobs: [] },
    { job, lease: 0, ids: [1], logprobs: 1 },
    { job, lease: 0, ids: [1], logprobs: [[-1, [2]]] },
    { job, lease: 0, ids: [1], logprobs: [[null, [2], [-1]]] },
    { job, lease: 0, ids: [1], logprobs: [[-1, [2], []]] },
    { job, lease: 0, ids: [1], logprobs: [[-1, [-2], [-1]]] },
    { job, lease: 0, ids: [1], logprobs: [[-1, [2], ['-1']]] },
    { job, lease: 0, ids: [1], logprobs: [[-1, Array(21).fill(2), Array(21).fill(-1)]] },
  ])('with a bad delta are refused on the fast path too: %j', (body) => {
    expect(codeOf(JSON.stringify({ type: 'delta', ...body }))).toBe('message_invalid');
  });

  it('with a good delta are read whatever the order of keys', () => {
    expect(parseProviderMessage(JSON.stringify({ type: 'delta', job, lease: 0, ids: [1, 2] }))).toMatchObject(
      { ids: [1, 2] },
    );
    expect(parseProviderMessage(JSON.stringify({ ids: [3], lease: 1, job, type: 'delta' }))).toMatchObject({
      ids: [3],
    });
  });

  it('with log-probabilities are read on both paths', () => {
    const logprobs = [
      [-0.5, [1, 2], [-0.5, -1.25]],
      [-3, [], []],
    ];
    for (const order of [
      ['type', 'ids'],
      ['ids', 'type'],
    ]) {
      const body = { type: 'delta', ids: [1, 2], job, lease: 0, logprobs };
      const frame = JSON.stringify(body, [...order, 'job', 'lease', 'logprobs']);
      expect(parseProviderMessage(frame)).toEqual(body);
    }
  });

  it('of the relay are read by the same rules', () => {
    expect(
      parseRelayMessage(JSON.stringify({ type: 'cancel', job, lease: 0, reason: 'gone' })),
    ).toMatchObject({ lease: 0 });
    expect(() => parseRelayMessage('{"type":"assign"}')).toThrowError();
  });
});
