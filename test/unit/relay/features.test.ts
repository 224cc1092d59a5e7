import { describe, expect, it } from 'vitest';
import { createRelayWorld } from './support/relay-world.ts';

describe('P5 what an engine can do', () => {
  it.each([
    [{ top_p: 0.5 }, 'controls', 'top_p'],
    [{ logit_bias: { 5: 1 } }, 'controls', 'top_p'],
    [{ logprobs: true }, 'logprobs', 'logprobs'],
    [{ response_format: { type: 'json_object' } }, 'constraints', 'response_format'],
  ])('decides who gets %j', async (body, feature, param) => {
    const world = createRelayWorld();
    const plain = world.join({ features: ['something newer'] });
    const refused = await world.ask(body);
    expect([refused.status, refused.errorCode]).toEqual([503, 'feature_unavailable']);
    expect(refused.json.error).toMatchObject({ param });
    expect(refused.headers['x-should-retry']).toBe('false');
    const able = world.join({ features: [feature] });
    await world.ask(body);
    expect([plain.provider.attempts.length, able.provider.attempts.length]).toEqual([0, 1]);
    await world.ask({ temperature: 0.5, seed: 1, stop: 'x' });
    expect(plain.provider.attempts).toHaveLength(1);
  });

  it('is kept in mind when a job moves: it waits rather than going where it cannot be done', async () => {
    const world = createRelayWorld();
    const able = world.join();
    const plain = world.join({ features: [], slots: 4 });
    const agent = await world.ask({ logprobs: true });
    able.provider.attempt.give([97]);
    able.socket.drop();
    await world.clock.advance(1_000);
    expect(plain.provider.attempts).toHaveLength(0);
    const next = world.join();
    expect(next.provider.attempt.assignment.prior).toEqual([97]);
    expect(agent.ended).toBe(false);
  });

  it('stands in the list of models', async () => {
    const world = createRelayWorld();
    world.join({ features: ['constraints'] });
    world.join({ features: ['logprobs'] });
    const list = world.request({ path: '/v1/models/bytes' });
    await world.settle();
    expect(list.json).toMatchObject({
      id: 'bytes',
      context: 256,
      features: [
        'stream',
        'n',
        'stop',
        'seed',
        'temperature',
        'json_object',
        'json_schema',
        'tools',
        'logprobs',
        'top_logprobs',
      ],
    });
  });
});
