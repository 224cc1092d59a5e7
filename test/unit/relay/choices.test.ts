import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../src/core/bytes.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld } from './support/relay-world.ts';

const prompt = BYTE_MODEL.tokenizer.chat([{ role: 'user', content: 'Speak.' }]);

describe('A7 several choices', () => {
  it('A3 are jobs of one seed, told apart by their number, streamed side by side, and counted with a prompt each', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 3 });
    const agent = await world.ask({ n: 3, seed: 5, stream_options: { include_usage: true } });
    const [a, b, c] = provider.attempts;
    expect(provider.attempts.map(({ assignment }) => assignment.choice)).toEqual([0, 1, 2]);
    expect(new Set(provider.attempts.map(({ assignment }) => assignment.seed)).size).toBe(1);
    expect(new Set(provider.attempts.map(({ assignment }) => assignment.job)).size).toBe(3);
    expect(agent.headers['x-afterglow-jobs']).toBe(provider.attempts.map(({ ref }) => ref.job).join(','));
    expect(agent.job).toBe(a?.ref.job);
    b?.give(bytes('two'));
    a?.give(bytes('on'));
    c?.give([...bytes('three'), EOS]);
    c?.finish('stop');
    a?.give([...bytes('e'), EOS]);
    await world.settle();
    expect(agent.done).toBe(false);
    a?.finish('stop');
    b?.give([EOS]);
    b?.finish('stop');
    await world.settle();
    expect([0, 1, 2].map((index) => agent.textOf(index))).toEqual(['one', 'two', 'three']);
    for (const index of [0, 1, 2]) {
      const pieces = agent.choice(index);
      expect(pieces[0]?.delta).toEqual({ role: 'assistant', content: '' });
      expect(pieces.map(({ finish_reason }) => finish_reason).filter(Boolean)).toEqual(['stop']);
      expect(pieces.at(-1)?.finish_reason).toBe('stop');
    }
    expect(new Set(agent.events.map((event) => (event as { id?: string }).id)).size).toBe(1);
    // What is paid for: the prompt once for each choice.
    const completion = 4 + 4 + 6;
    expect(agent.events.at(-1)?.usage).toEqual({
      prompt_tokens: 3 * prompt.length,
      completion_tokens: completion,
      total_tokens: 3 * prompt.length + completion,
    });
    expect(agent.done).toBe(true);
    for (const [choice, { ref }] of provider.attempts.entries())
      expect(await world.store.get(ref.job)).toMatchObject({ choice, finish: 'stop' });
  });

  it('come in one piece too, by number', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 2 });
    const agent = await world.ask({ n: 2, stream: false, return_token_ids: true });
    const [a, b] = provider.attempts;
    b?.give([...bytes('B'), EOS]);
    b?.finish('stop');
    await world.settle();
    expect(agent.ended).toBe(false);
    a?.give([...bytes('A'), EOS]);
    a?.finish('stop');
    await world.settle();
    expect(agent.json).toMatchObject({
      choices: [
        { index: 0, message: { content: 'A' }, token_ids: [65, EOS] },
        { index: 1, message: { content: 'B' }, token_ids: [66, EOS] },
      ],
      usage: { completion_tokens: 4 },
    });
  });

  it('move one by one, and keep their numbers', async () => {
    const world = createRelayWorld();
    const first = world.join({ slots: 1 });
    const second = world.join({ slots: 1 });
    const agent = await world.ask({ n: 2 });
    first.provider.attempt.give(bytes('To '));
    second.provider.attempt.give(bytes('Or '));
    first.socket.drop();
    const third = world.join({ slots: 1 });
    expect(third.provider.attempt.assignment).toMatchObject({ choice: 0, prior: bytes('To ') });
    third.provider.attempt.give([...bytes('be'), EOS]);
    third.provider.attempt.finish('stop');
    second.provider.attempt.give([...bytes('not'), EOS]);
    second.provider.attempt.finish('stop');
    await world.settle();
    expect([agent.textOf(0), agent.textOf(1)]).toEqual(['To be', 'Or not']);
    expect(agent.done).toBe(true);
  });

  it('fail together: where one does, the others are cancelled', async () => {
    const world = createRelayWorld({ limits: { queueMs: 1_000 } });
    const first = world.join();
    const second = world.join();
    const agent = await world.ask({ n: 2 });
    second.provider.attempt.give(bytes('Or '));
    first.socket.drop();
    await world.clock.advance(1_001);
    expect(agent.errorCode).toBe('queue_timeout');
    expect(agent.done).toBe(false);
    expect(second.socket.received.at(-1)).toMatchObject({ type: 'cancel' });
    expect(world.eventsOf('jobCancelled')).toHaveLength(1);
    second.provider.attempt.give(bytes('not'));
    expect(agent.textOf(1)).toBe('Or ');
  });

  it('are all cancelled when their reader goes, and none is left when one finds no place', async () => {
    const world = createRelayWorld({ limits: { queuePerAgent: 1 } });
    const { provider, socket } = world.join({ slots: 2 });
    const agent = await world.ask({ n: 2 });
    agent.leave();
    await agent.answered;
    expect(socket.received.filter(({ type }) => type === 'cancel')).toHaveLength(2);
    provider.send({ type: 'grant', slots: 2 });
    const crowd = await world.ask({ n: 4 });
    expect([crowd.status, crowd.errorCode]).toEqual([429, 'agent_queue_full']);
    expect(world.eventsOf('jobCancelled')).toHaveLength(2 + 3);
    expect(socket.received.filter(({ type }) => type === 'cancel')).toHaveLength(4);
  });

  it('wait in line with a word on each', async () => {
    const world = createRelayWorld();
    world.join({ slots: 1 });
    const agent = await world.ask({ n: 2 });
    expect(agent.comments).toEqual([': queued choice=1 position=1 eta=unknown']);
  });
});

describe('A4 the ids of a prompt', () => {
  it('come once, with the choice that speaks first', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 2 });
    const agent = await world.ask({ n: 2, return_token_ids: true });
    provider.attempts[1]?.give([97]);
    provider.attempts[0]?.give([98]);
    expect(agent.events.map(({ prompt_token_ids: ids }) => ids)).toEqual([
      prompt,
      undefined,
      undefined,
      undefined,
    ]);
    expect(agent.events.flatMap(({ choices }) => choices[0]?.token_ids ?? [])).toEqual([97, 98]);
    const jobs: Hex[] = provider.attempts.map(({ ref }) => ref.job);
    expect(jobs).toContain(agent.job);
  });
});
