import { describe, expect, it } from 'vitest';
import { CloseCode } from '../../../src/protocol/wire/frame-socket.ts';
import { FRAME_CAP } from '../../../src/protocol/constants.ts';
import { createRelayWorld, letters } from './support/relay-world.ts';
import { bytes, EOS } from './support/byte-model.ts';

describe('W1 frames', () => {
  it.each([
    ['frame_too_large', 'x'.repeat(FRAME_CAP + 1), CloseCode.frameTooLarge],
    ['frame_malformed', '{"type":', CloseCode.protocolError],
    ['message_invalid', '{"type":"mint"}', CloseCode.protocolError],
    ['message_invalid', '{"type":"grant","slots":-1}', CloseCode.protocolError],
  ])('%s closes the connection with its code, and its job moves on', async (code, frame, close) => {
    const world = createRelayWorld();
    const bad = world.join();
    const agent = await world.ask();
    bad.provider.attempt.give(bytes('To be'));
    const good = world.join();
    bad.socket.deliver(frame);
    expect(bad.provider.errors).toEqual([code]);
    expect(bad.socket.closed?.code).toBe(close);
    good.provider.attempt.give([...bytes(' or not'), EOS]);
    good.provider.attempt.finish('stop');
    await world.settle();
    expect(agent.content).toBe('To be or not');
    expect(agent.done).toBe(true);
  });

  it('that come after a close have no effect', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join();
    const agent = await world.ask();
    socket.deliver('nonsense');
    provider.attempt.give(bytes('late'));
    expect(agent.content).toBe('');
  });
});

describe('W2 the handshake', () => {
  it('begins with the challenge of the relay and ends with its welcome', () => {
    const world = createRelayWorld();
    const { provider, socket } = world.dial();
    expect(socket.received[0]).toMatchObject({
      type: 'challenge',
      version: 1,
      relay: `0x${'07'.repeat(20)}`,
    });
    provider.hello();
    expect(socket.received[1]).toMatchObject({
      type: 'welcome',
      heartbeatMs: 500,
      leaseMs: 10_000,
      frameCap: FRAME_CAP,
    });
    expect(world.eventsOf('providerReady')[0]).toMatchObject({
      account: provider.account,
      models: ['bytes'],
      slots: 1,
    });
  });

  it('refuses a proof by another key, or for another connection', () => {
    const world = createRelayWorld();
    const thief = world.dial();
    thief.provider.hello({}, new Uint8Array(32).fill(99));
    expect(thief.provider.errors).toEqual(['account_unproven']);
    expect(thief.socket.closed?.code).toBe(CloseCode.unauthorised);

    const honest = world.dial();
    let proof: `0x${string}` = '0x';
    const deliver = honest.socket.deliver.bind(honest.socket);
    honest.socket.deliver = (frame) => {
      proof = (JSON.parse(frame) as { proof: `0x${string}` }).proof;
      deliver(frame);
    };
    honest.provider.hello();
    const replay = world.dial();
    replay.provider.hello({ account: honest.provider.account, proof });
    expect(replay.provider.errors).toEqual(['account_unproven']);
    expect(honest.socket.closed).toBeUndefined();
  });

  it('refuses another version and names both, whatever else that version changed', () => {
    const world = createRelayWorld();
    for (const frame of ['{"type":"hello","version":2}', undefined]) {
      const { provider, socket } = world.dial();
      if (frame === undefined) provider.hello({ version: 2 });
      else socket.deliver(frame);
      expect(provider.errors).toEqual(['version_unsupported']);
      expect(socket.received.at(-1)).toMatchObject({ data: { relay: 1, provider: 2 } });
      expect(socket.closed?.code).toBe(CloseCode.versionUnsupported);
    }
  });

  it('accepts nothing but hello first, once, and in time', async () => {
    const world = createRelayWorld();
    const early = world.dial();
    early.provider.heartbeat();
    const twice = world.join();
    twice.provider.hello();
    const mute = world.dial();
    await world.clock.advance(11_000);
    expect([early, twice, mute].map(({ provider }) => provider.errors)).toEqual([
      ['hello_expected'],
      ['message_unexpected'],
      ['hello_expected'],
    ]);
  });
});

describe('W4 one connection for an account', () => {
  it('a newer one replaces the older, whose job moves on', async () => {
    const world = createRelayWorld();
    const older = world.join();
    const agent = await world.ask();
    older.provider.attempt.give(bytes('one'));
    const newer = world.dial();
    Object.assign(newer.provider, { key: older.provider.key, account: older.provider.account });
    newer.provider.hello();
    expect(older.provider.errors).toEqual(['replaced']);
    expect(older.socket.closed?.code).toBe(CloseCode.replaced);
    expect(newer.provider.attempt.assignment).toMatchObject({ lease: 1, prior: bytes('one') });
    older.provider.attempt.give(bytes('ghost'));
    expect(agent.content).toBe('one');
    expect(world.relay.figures().providers.connected).toBe(1);
  });
});

describe('W5 messages about attempts that are not held', () => {
  it('are ignored with attempt_unknown where the attempt was this connection’s', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join({ slots: 2 });
    const agent = await world.ask();
    const attempt = provider.attempt;
    attempt.give(bytes('one'));
    agent.leave();
    expect(socket.received.at(-1)).toMatchObject({ type: 'cancel', job: attempt.assignment.job });
    attempt.give(bytes('two'));
    attempt.handBack('cancelled', 1);
    expect(provider.errors).toEqual(['attempt_unknown', 'attempt_unknown', 'attempt_unknown']);
    expect(socket.closed).toBeUndefined();
  });

  it('close the connection where it never was, and its owner’s job goes on', async () => {
    const world = createRelayWorld();
    const owner = world.join();
    const agent = await world.ask();
    const thief = world.join();
    thief.provider.send({ type: 'delta', ...owner.provider.attempt.ref, ids: bytes('stolen') });
    expect(thief.provider.errors).toEqual(['attempt_not_yours']);
    expect(thief.socket.closed?.code).toBe(CloseCode.protocolError);
    owner.provider.attempt.give([...bytes('mine'), EOS]);
    owner.provider.attempt.finish('stop');
    await world.settle();
    expect(agent.content).toBe('mine');
    expect(agent.done).toBe(true);
  });

  it('close it too for a lease of the right job with the wrong number', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask();
    provider.send({ type: 'delta', job: provider.attempt.assignment.job, lease: 1, ids: [97] });
    expect(provider.errors).toEqual(['attempt_not_yours']);
  });
});

describe('W6 a heartbeat of the relay', () => {
  it('comes where it said nothing for a quarter of a lease', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join();
    const count = (): number => socket.received.filter(({ type }) => type === 'heartbeat').length;
    for (let i = 0; i < 22; i++) {
      await world.clock.advance(500);
      provider.heartbeat();
    }
    expect(count()).toBe(4);
  });
});

describe('a provider that does not read', () => {
  it('is lost when too much waits for it', async () => {
    const world = createRelayWorld({ limits: { providerBuffer: 1000 } });
    const stuck = world.join();
    stuck.socket.unsent = 2000;
    const good = world.join({ slots: 1 });
    good.provider.onAssign = (attempt) => {
      attempt.give(letters(8));
      attempt.finish('length');
    };
    const agent = await world.ask({ max_tokens: 8 });
    const again = await world.ask({ max_tokens: 8 });
    expect([agent.done, again.done]).toEqual([true, true]);
    expect(stuck.socket.closed?.code).toBe(CloseCode.lost);
  });
});
