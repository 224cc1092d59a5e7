import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../../src/protocol/money/verify-receipt.ts';
import { CloseCode } from '../../../src/protocol/wire/frame-socket.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { BYTE_OFFER } from './support/test-provider.ts';
import { createRelayWorld, letters, type RelayWorld, type Tab } from './support/relay-world.ts';

const prompt = BYTE_MODEL.tokenizer.chat([{ role: 'user', content: 'Speak.' }]);

/** Time passes in which only these are heard. */
async function pass(world: RelayWorld, ms: number, heard: readonly Tab[]): Promise<void> {
  for (let past = 0; past < ms; past += 500) {
    await world.clock.advance(500);
    for (const { provider } of heard) provider.heartbeat();
  }
}

describe('P1 slots', () => {
  it('are never overdrawn, and come back with results and grants', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 2 });
    for (let i = 0; i < 4; i++) await world.ask({ max_tokens: 1 });
    expect(provider.attempts).toHaveLength(2);
    provider.attempts[0]?.give([97]);
    provider.attempts[0]?.finish('length', {}, 0);
    expect(provider.attempts).toHaveLength(2);
    provider.attempts[1]?.give([97]);
    provider.attempts[1]?.finish('length');
    expect(provider.attempts).toHaveLength(3);
    provider.send({ type: 'grant', slots: 1 });
    expect(provider.attempts).toHaveLength(4);
  });
});

describe('P2 a pause', () => {
  it('hands its jobs back, counts no loss, and gets nothing until it resumes', async () => {
    const world = createRelayWorld();
    const pausing = world.join({ slots: 2 });
    const agent = await world.ask({ max_tokens: 40 });
    pausing.provider.attempt.give(letters(33));
    pausing.provider.send({ type: 'models', models: [] });
    pausing.provider.attempt.handBack('paused');
    expect(agent.comments.at(-1)).toContain('position=1');
    await world.clock.advance(1);
    const other = world.join();
    const { attempt } = other.provider;
    expect(attempt.assignment).toMatchObject({ lease: 1, prior: letters(33), maxTokens: 7 });
    attempt.give(letters(7));
    attempt.finish('length');
    await world.settle();
    expect(agent.done).toBe(true);
    const receipt = await world.receipt(agent);
    expect(receipt.attempts.map(({ ended, unsigned }) => ({ ended, unsigned }))).toEqual([
      { ended: 'paused', unsigned: 0 },
      { ended: 'finished', unsigned: 0 },
    ]);
    expect(verifyReceipt(receipt, { promptIds: prompt, outputIds: [...letters(33), ...letters(7)] })).toEqual(
      [],
    );
    expect(pausing.socket.closed).toBeUndefined();
    pausing.provider.send({ type: 'models', models: [{ id: 'x', ...BYTE_MODEL.ref }] });
    await world.ask();
    expect(pausing.provider.attempts).toHaveLength(2);
  });
});

describe('L1 leases', () => {
  it('are numbered within their job, and only one lives', async () => {
    const world = createRelayWorld();
    let { provider, socket } = world.join();
    const agent = await world.ask({ max_tokens: 3 });
    for (let lease = 0; lease < 3; lease++) {
      if (lease > 0) ({ provider, socket } = world.join());
      expect(provider.attempt.assignment.lease).toBe(lease);
      provider.attempt.give([97 + lease]);
      if (lease < 2) socket.drop();
      else provider.attempt.finish('length');
    }
    await world.settle();
    expect(agent.content).toBe('abc');
    const receipt = await world.receipt(agent);
    expect(receipt.attempts.map(({ lease, first, count }) => [lease, first, count])).toEqual([
      [0, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
    ]);
  });
});

describe('L2 loss', () => {
  it('is declared after 1.5 s of silence, and a heartbeat is no silence', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    await world.ask();
    await pass(world, 5_000, [tab]);
    expect(tab.socket.closed).toBeUndefined();
    await world.clock.advance(1_499);
    expect(tab.socket.closed).toBeUndefined();
    await world.clock.advance(2);
    expect(tab.provider.errors).toEqual(['silent']);
    expect(tab.socket.closed?.code).toBe(CloseCode.lost);
    expect(world.eventsOf('jobInterrupted')[0]).toMatchObject({ code: 'silent', detectionMs: 1_501 });
  });

  it.each([
    [2_000, 6_000],
    [60_000, 10_000],
  ])(
    'waits for three announced worst steps of %d ms, but never longer than a lease',
    async (worstStepMs, limit) => {
      const world = createRelayWorld();
      const { socket } = world.join({ worstStepMs });
      await world.clock.advance(limit);
      expect(socket.closed).toBeUndefined();
      await world.clock.advance(1);
      expect(socket.closed).toBeDefined();
    },
  );

  it('follows a worst step that fell', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join({ worstStepMs: 3_000 });
    await world.clock.advance(1_000);
    provider.heartbeat(10);
    await world.clock.advance(1_501);
    expect(socket.closed).toBeDefined();
  });

  it('is not declared for the relay’s own standstill while frames wait to be read', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    await world.clock.advance(500);
    tab.provider.heartbeat();
    world.clock.stall(30_000);
    await world.clock.advance(1_100);
    expect(tab.socket.closed).toBeUndefined();
    tab.provider.heartbeat();
    await pass(world, 3_000, [tab]);
    expect(tab.socket.closed).toBeUndefined();
    world.clock.stall(30_000);
    await world.clock.advance(3_000);
    expect(tab.socket.closed).toBeDefined();
  });

  it('of a lease without progress is declared however alive its provider sounds', async () => {
    const world = createRelayWorld({ limits: { stallMs: 20_000 } });
    const hung = world.join();
    const agent = await world.ask();
    const good = world.join();
    await pass(world, 26_000, [hung, good]);
    expect(hung.socket.received.at(-1)).toMatchObject({ type: 'heartbeat' });
    expect(hung.socket.received).toContainEqual(expect.objectContaining({ type: 'cancel', lease: 0 }));
    expect(hung.socket.closed).toBeUndefined();
    good.provider.attempt.give([97, EOS]);
    good.provider.attempt.finish('stop');
    await world.settle();
    expect(agent.done).toBe(true);
  });
});

describe('L3 moves', () => {
  it('go on with the same seed, spec and nonce, and the ids so far', async () => {
    const world = createRelayWorld();
    const first = world.join();
    const agent = await world.ask({ seed: 5, temperature: 0.5, stop: ['END'], max_tokens: 20 });
    first.provider.attempt.give(bytes('To be, '));
    const second = world.join();
    first.socket.drop();
    const [before, after] = [first.provider.attempt.assignment, second.provider.attempt.assignment];
    const rest = { prior: bytes('To be, '), maxTokens: 13, credit: 13, before: { chunks: 0, tokens: 7 } };
    expect(after).toEqual({ ...before, lease: 1, ...rest });
    await world.clock.advance(70);
    second.provider.attempt.give(bytes('or not'));
    expect(agent.content).toBe('To be, or not');
    expect(world.eventsOf('jobMoved')[0]).toMatchObject({
      from: first.provider.account,
      to: second.provider.account,
      code: 'socket_closed',
      accepted: 7,
      resumptionMs: 70,
    });
    expect(world.relay.figures().moves).toMatchObject({ total: 1, recent: [{ accepted: 7 }] });
  });

  it('end after five, with moves_exhausted and no [DONE]', async () => {
    const world = createRelayWorld();
    let { provider, socket } = world.join();
    const agent = await world.ask();
    for (let i = 0; i <= 5; i++) {
      if (i > 0) ({ provider, socket } = world.join());
      expect(provider.attempts).toHaveLength(1);
      socket.drop();
    }
    await world.settle();
    expect(agent.errorCode).toBe('moves_exhausted');
    expect(agent.done).toBe(false);
    expect(agent.ended).toBe(true);
    expect((await world.receipt(agent)).finish).toBeNull();
  });

  it('do not go back to who lost the job while another could take it', async () => {
    const world = createRelayWorld();
    const failing = world.join({ slots: 8 });
    await world.ask();
    const other = world.join({ slots: 1 });
    failing.provider.attempt.handBack('device_lost', 1);
    expect(other.provider.attempts).toHaveLength(1);
    other.provider.attempt.handBack('out_of_memory', 0);
    expect(failing.provider.attempts).toHaveLength(2);
  });

  it.each(['device_lost', 'out_of_memory', 'output_not_finite', 'prompt_too_long', 'yielding'])(
    'D6 P2 cost a tab nothing when it hands back with %s',
    async (code) => {
      const world = createRelayWorld();
      const honest = world.join({ slots: 2 });
      await world.ask();
      if (code === 'yielding') honest.provider.send({ type: 'models', models: [] });
      const other = world.join({ slots: 2 });
      honest.provider.attempt.handBack(code, 1);
      expect(other.provider.attempts).toHaveLength(1);
      honest.provider.send({ type: 'models', models: [BYTE_OFFER] });
      await world.ask();
      // It has more free slots; a loss would outweigh them.
      expect(honest.provider.attempts).toHaveLength(2);
    },
  );

  it('P4 go only where prompt and answer have room', async () => {
    const world = createRelayWorld();
    const small = world.join({ slots: 4, room: { prompt: 4096, context: 20 } });
    const short = world.join({ slots: 4, room: { prompt: 2, context: 4096 } });
    const whole = world.join({ slots: 1 });
    await world.ask({ max_tokens: 64 });
    expect([small, short, whole].map(({ provider }) => provider.attempts.length)).toEqual([0, 0, 1]);
    short.provider.send({ type: 'models', models: [BYTE_OFFER], room: { prompt: 4096, context: 4096 } });
    await world.ask({ max_tokens: 64 });
    expect(short.provider.attempts).toHaveLength(1);
  });

  it('P4 without a limit of their own go as far as the longest tab here', async () => {
    const world = createRelayWorld();
    const small = world.join({ slots: 4, room: { prompt: 4096, context: 48 } });
    const agent = await world.ask({ max_tokens: undefined });
    const { prompt, maxTokens } = small.provider.attempt.assignment;
    expect(prompt.length + maxTokens).toBe(48);
    small.provider.attempt.give(bytes('x'.repeat(maxTokens)));
    small.provider.attempt.finish('length');
    await world.settle();
    expect(agent.finish).toBe('length');
    const whole = world.join({ slots: 8 });
    await world.ask({ max_tokens: undefined });
    expect(whole.provider.attempt.assignment.maxTokens).toBeGreaterThan(maxTokens);
  });

  it('find an answer whole that only lacked its result', async () => {
    const world = createRelayWorld();
    for (const [max_tokens, ids, finish] of [
      [3, bytes('abc'), 'length'],
      [9, [97, EOS], 'stop'],
      [9, bytes('a STOP'), 'stop'],
    ] as const) {
      const { provider, socket } = world.join();
      const agent = await world.ask({ max_tokens, stop: 'STOP' });
      provider.attempt.give(ids);
      socket.drop();
      await world.settle();
      expect(agent.finish).toBe(finish);
      expect(agent.done).toBe(true);
      const receipt = await world.receipt(agent);
      expect(receipt.attempts).toMatchObject([
        { ended: 'socket_closed', unsigned: ids.length, receipt: null },
      ]);
    }
  });
});

describe('L5 no provider left', () => {
  it('lets a running job wait in line, and fail with no_provider in the end', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join();
    const agent = await world.ask();
    provider.attempt.give(bytes('half'));
    socket.drop();
    await world.clock.advance(29_000);
    expect(agent.ended).toBe(false);
    expect(agent.comments.length).toBeGreaterThan(20);
    await world.clock.advance(2_000);
    expect(agent.errorCode).toBe('no_provider');
    expect(agent.done).toBe(false);
  });

  it('refuses a new job at once where nobody has been there lately', async () => {
    const world = createRelayWorld();
    const never = await world.ask();
    expect([never.status, never.errorCode]).toEqual([503, 'no_provider']);
    const { socket } = world.join();
    socket.drop();
    const soon = await world.ask();
    expect(soon.status).toBe(200);
    world.join().provider.attempt.give(bytes('x'));
    expect(soon.content).toBe('x');
  });
});
