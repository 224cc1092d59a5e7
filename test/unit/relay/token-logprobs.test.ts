import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TokenLogprob } from '../../../src/protocol/openai/chat-choice.ts';
import { createOutput } from '../../../src/relay/jobs/output.ts';
import { createLogprobsStream } from '../../../src/relay/openai/token-logprobs.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld } from './support/relay-world.ts';
import { logprobsOf } from './support/test-attempt.ts';

const bytesIn = (tokens: readonly TokenLogprob[]): number[] =>
  tokens.flatMap((token) => [...(token.bytes ?? [])]);
const textIn = (tokens: readonly TokenLogprob[]): string =>
  new TextDecoder().decode(Uint8Array.from(bytesIn(tokens)));

describe('A10 log-probabilities', () => {
  it('come with the text of their tokens, and their alternatives, as OpenAI has them', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ logprobs: true, top_logprobs: 2 });
    provider.attempt.give(bytes('a'));
    provider.attempt.give([...bytes('é'), EOS]);
    provider.attempt.finish('stop');
    await world.settle();
    const top = [
      { token: 'a', logprob: -1, bytes: [97] },
      { token: 'b', logprob: -2, bytes: [98] },
    ];
    expect(agent.choice(0).map(({ delta, logprobs }) => [delta.content, logprobs])).toEqual([
      ['', null],
      ['a', { content: [{ token: 'a', logprob: -0.97, bytes: [97], top_logprobs: top }], refusal: null }],
      [
        'é',
        {
          content: [
            { token: 'bytes:\\xc3', logprob: -1.95, bytes: [0xc3], top_logprobs: top },
            { token: 'bytes:\\xa9', logprob: -1.69, bytes: [0xa9], top_logprobs: top },
          ],
          refusal: null,
        },
      ],
      [undefined, null],
    ]);
  });

  it('are in a whole answer, without alternatives where none were asked for', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ logprobs: true, stream: false, stop: ['XY'] });
    provider.attempt.give(bytes('abXY'));
    provider.attempt.finish('stop');
    await world.settle();
    expect(agent.json).toMatchObject({
      choices: [
        {
          message: { content: 'ab' },
          logprobs: {
            content: [
              { token: 'a', top_logprobs: [] },
              { token: 'b', top_logprobs: [] },
            ],
          },
        },
      ],
    });
  });

  it('belong to the text so far at every moment, whatever is held back for stop strings and half characters', () => {
    const piece = fc.constantFrom('a', 'ab', 'b\n', 'é', '😀', 'abc', '\n\n', 'x');
    const stops = fc.array(fc.constantFrom('abc', 'b\n', '😀é', '\n\n', 'é'), { maxLength: 3 });
    const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 30 });
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }),
        stops,
        sizes,
        fc.boolean(),
        (pieces, stop, cuts, ends) => {
          const ids = [...bytes(pieces.join('')), ...(ends ? [EOS] : [])];
          const output = createOutput(BYTE_MODEL, stop);
          const logprobs = createLogprobsStream(BYTE_MODEL, stop);
          let text = '';
          const tokens: TokenLogprob[] = [];
          for (let at = 0, turn = 0; at < ids.length && !output.stopped; turn++) {
            const more = ids.slice(at, at + (cuts[turn] ?? 2));
            at += more.length;
            const before = output.ids.length;
            text += output.append(more);
            const taken = output.ids.slice(before);
            tokens.push(
              ...logprobs.push(
                taken,
                taken.map((id) => logprobsOf(id, 0)),
              ),
            );
            expect(textIn(tokens)).toBe(text);
          }
          text += output.rest();
          tokens.push(...logprobs.end());
          expect(textIn(tokens)).toBe(text);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of a token that reaches into a stop string are shown with what came of it', () => {
    const pair = {
      ...BYTE_MODEL,
      tokenizer: {
        ...BYTE_MODEL.tokenizer,
        decode: (ids: readonly number[]) => ids.map(() => 'aX').join(''),
      },
    };
    const logprobs = createLogprobsStream(pair, ['X']);
    expect(logprobs.push([1], [logprobsOf(1, 0)])).toHaveLength(1);
    const late = createLogprobsStream(pair, ['a']);
    expect(late.push([1], [logprobsOf(1, 0)])).toEqual([]);
    expect(late.end()).toEqual([]);
  });

  it('that are no number in JSON are written as OpenAI does it', () => {
    const logprobs = createLogprobsStream(BYTE_MODEL, []);
    expect(logprobs.push([97], [[Number.NEGATIVE_INFINITY, [], []]])).toMatchObject([{ logprob: -9999 }]);
  });
});
