import { describe, expect, it } from 'vitest';
import { CHUNK_TOKENS, FRAME_CAP } from '../../../src/protocol/constants.ts';
import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import { tokenLogprobs, tokenLogprobsSchema } from '../../../src/protocol/wire/logprobs.ts';
import { MAX_TOP } from '../../../src/protocol/wire/sample.ts';
import { assignment } from './scripted-relay.ts';
import { createReadyWorld } from './world.ts';

async function deltasOf(changes: Parameters<typeof assignment>[0]) {
  const { clock, relay } = await createReadyWorld();
  relay.send({ type: 'assign', ...assignment(changes) });
  await clock.advance(2_000);
  return relay.all('delta');
}

describe('C7 log-probabilities', () => {
  it.each([0, 2, 20])('come with each id, with %i alternatives, where the job asks for them', async (top) => {
    const deltas = await deltasOf({ topLogprobs: top });
    expect(deltas.flatMap(({ ids }) => ids)).toHaveLength(100);
    for (const { ids, logprobs } of deltas) {
      const expected = ids.map((id) => [
        -1,
        Array.from({ length: top }, (_, i) => (id + i) % 1000),
        Array.from({ length: top }, (_, i) => -1 - i),
      ]);
      expect(logprobs).toEqual(expected);
    }
  });

  it('do not come where nobody asked', async () => {
    for (const delta of await deltasOf({})) expect(delta).not.toHaveProperty('logprobs');
  });

  it('of a whole chunk fit a frame, whatever they are', () => {
    const sample = {
      id: 2 ** 24,
      logprob: -123.4567891,
      topIds: Array<number>(MAX_TOP).fill(2 ** 24),
      topLogprobs: Array<number>(MAX_TOP).fill(-12345.6789123),
      projection: [],
      margin: 0,
    };
    const logprobs = Array.from({ length: CHUNK_TOKENS }, () => tokenLogprobs(sample, MAX_TOP));
    const ids = logprobs.map(() => sample.id);
    const frame = JSON.stringify({ type: 'delta', job: `0x${'00'.repeat(16)}`, lease: 255, ids, logprobs });
    expect(frame.length).toBeLessThan(FRAME_CAP / 2);
    expect(logprobs.map((one) => tokenLogprobsSchema.parse(one))).toEqual(logprobs);
  });

  it('are never above 0', () => {
    const sample = { id: 1, logprob: 3e-8, topIds: [1], topLogprobs: [3e-8], projection: [], margin: 0 };
    expect(tokenLogprobs(sample, 1)).toEqual([0, [1], [0]]);
  });
});

it('S1, S5 an attempt tells its engine the choice, the scope and where the output begins', async () => {
  const opened: unknown[] = [];
  const { clock, relay, engine } = await createReadyWorld();
  const open = engine.open.bind(engine);
  engine.open = (request) => {
    opened.push(request);
    return open(request);
  };
  const scope = `0x${'5c'.repeat(16)}` as const;
  const spec = { ...plainSpec(1), presencePenalty: 1 };
  relay.send({ type: 'assign', ...assignment({ choice: 3, scope, prior: [9, 8], spec, topLogprobs: 1 }) });
  await clock.advance(100);
  expect(opened).toMatchObject([
    { tokens: [1, 2, 3, 9, 8], outputStart: 3, choice: 3, scope, spec, topLogprobs: 1 },
  ]);
});
