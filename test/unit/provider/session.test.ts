import { describe, expect, it } from 'vitest';
import { abortError } from '../../../src/core/errors.ts';
import { CloseCode } from '../../../src/protocol/wire/frame-socket.ts';
import { simReference } from '../../../src/sim/sim-engine.ts';
import { SimClock } from '../../../src/sim/sim-clock.ts';
import { assignment, jobId } from './scripted-relay.ts';
import { createFreezableClock, createReadyWorld, createWorld } from './world.ts';

describe('a connection', () => {
  it('W2 proves its account and introduces itself', async () => {
    const { relay, provider } = await createReadyWorld();
    expect(relay.closes).toEqual([]);
    expect(relay.all('hello')).toMatchObject([
      {
        version: 1,
        slots: 4,
        models: [{ id: 'sim-fp32' }],
        gpu: { class: 'sim', backend: 'cpu', software: true },
        worstStepMs: 10,
      },
    ]);
    expect(provider.status()).toMatchObject({
      state: { name: 'waiting', reason: 'no_jobs' },
      relay: { connected: true, free: true },
    });
  });

  it('W2 says nothing before the challenge, and gives up on a relay that does not greet', async () => {
    const world = createWorld();
    world.relay.greets = false;
    world.provider.start();
    await world.clock.advance(9_900);
    expect(world.relay.messages).toEqual([]);
    await world.clock.advance(200);
    expect(world.provider.status().state).toMatchObject({
      name: 'connecting',
      failures: 1,
      last: { code: 'handshake_timeout' },
    });
  });

  it('W2 stops at another version of the protocol, and names both', async () => {
    const world = createWorld();
    world.relay.version = 2;
    world.provider.start();
    await world.clock.advance(60_000);
    expect(world.relay.all('error')).toMatchObject([
      { code: 'version_unsupported', data: { relay: 2, provider: 1 } },
    ]);
    expect(world.relay.links).toHaveLength(1);
    expect(world.provider.status().state).toMatchObject({
      name: 'error',
      error: { code: 'version_unsupported' },
    });
  });

  it('W3 sends a heartbeat each interval, with its worst step and its streams', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ credit: 0 }) });
    await clock.advance(5_000);
    const beats = relay.all('heartbeat');
    expect(beats).toHaveLength(10);
    expect(beats.at(-1)).toMatchObject({ worstStepMs: 10, active: 1 });
  });

  it.each([
    ['W4 a newer connection of the account', CloseCode.replaced, 'replaced'],
    ['W2 an account that is refused', CloseCode.unauthorised, 'account_unproven'],
  ])('%s: stops and says so, and does not fight for the place', async (_, closeCode, code) => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.close(closeCode);
    await clock.advance(120_000);
    expect(relay.links).toHaveLength(1);
    expect(provider.status().state).toMatchObject({ name: 'error', error: { code } });
  });

  it("keeps the relay's reason for closing", async () => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.send({ type: 'error', code: 'chunk_invalid', message: 'A chunk does not fit.' });
    relay.close(CloseCode.protocolError);
    await clock.advance(5);
    expect(provider.status().state).toMatchObject({ name: 'connecting', last: { code: 'chunk_invalid' } });
  });

  it('shows that the relay drains, finishes its jobs and comes back', async () => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    relay.send({ type: 'drain', reason: 'Restart.' });
    await clock.advance(2_000);
    expect(relay.all('result')).toHaveLength(1);
    expect(provider.status().state).toEqual({ name: 'waiting', reason: 'relay_draining' });
    relay.close(CloseCode.draining);
    await clock.advance(5_000);
    expect(provider.status().state).toEqual({ name: 'waiting', reason: 'no_jobs' });
  });
});

describe('reconnecting', () => {
  it('L2 ends the attempts of a dead connection: nothing of them is sent on the next', async () => {
    const { clock, relay, provider, engine } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(205);
    relay.link.reset();
    await clock.advance(1);
    expect(engine.timings().active).toBe(0);
    const sent = relay.messages.length;
    await clock.advance(3_000);
    const later = relay.messages.slice(sent).map((message) => message.type);
    expect(later.filter((type) => type !== 'heartbeat')).toEqual(['hello']);
    expect(relay.all('hello').at(-1)!.slots).toBe(4);

    const whole = simReference([1, 2, 3], assignment().seed, 100);
    relay.send({ type: 'assign', ...assignment({ lease: 1, prior: whole.slice(0, 20), maxTokens: 80 }) });
    await clock.advance(2_000);
    expect(
      relay
        .all('delta')
        .filter((delta) => delta.lease === 1)
        .flatMap((delta) => delta.ids),
    ).toEqual(whole.slice(20));
    expect(provider.status()).toMatchObject({ jobs: 1, unfinished: 1 });
  });

  it('waits longer each time, up to half a minute, with jitter', async () => {
    const world = createWorld();
    world.relay.reachable = false;
    world.provider.start();
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      await world.clock.advance(0);
      const { state } = world.provider.status();
      if (state.name !== 'connecting' || state.retryAt === undefined)
        throw new Error(`unexpected ${state.name}`);
      waits.push(state.retryAt - world.clock.now());
      await world.clock.advance(state.retryAt - world.clock.now());
    }
    waits.forEach((wait, i) => {
      const whole = Math.min(30_000, 500 * 2 ** i);
      expect(wait).toBeGreaterThanOrEqual(whole / 2);
      expect(wait).toBeLessThanOrEqual(whole);
    });
    expect(new Set(waits.slice(-4)).size).toBe(4);
  });

  it('gives up on a relay that never answers the call, and tries again', async () => {
    const signals: AbortSignal[] = [];
    const world = createWorld({
      connect: (_, signal) => {
        signals.push(signal);
        return new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(abortError(signal))),
        );
      },
    });
    world.provider.start();
    await world.clock.advance(10_001);
    expect(world.provider.status().state).toMatchObject({ last: { code: 'relay_unreachable' } });
    await world.clock.advance(600);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    void world.provider.stop();
    await world.clock.advance(60_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('tries at once when told that the machine is online again', async () => {
    const world = createWorld();
    world.relay.reachable = false;
    world.provider.start();
    await world.clock.advance(60_000);
    world.relay.reachable = true;
    world.provider.retryNow();
    await world.clock.advance(10);
    expect(world.provider.status().state.name).toBe('waiting');
  });

  it('W6 gives up on a relay that it does not hear for a lease', async () => {
    const { clock, relay, engine } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ credit: 10 }) });
    await clock.advance(30_000);
    expect(relay.links).toHaveLength(1);
    relay.link.cut();
    await clock.advance(9_000);
    expect(relay.links).toHaveLength(1);
    await clock.advance(2_500);
    expect(relay.links).toHaveLength(2);
    expect(engine.timings().active).toBe(0);
  });

  it('takes a long freeze as the end of its leases', async () => {
    const sim = new SimClock();
    const freezable = createFreezableClock(sim);
    const { clock, relay, engine } = await createReadyWorld({ clock: freezable }, sim);
    relay.send({ type: 'assign', ...assignment({ credit: 10 }) });
    await clock.advance(300);
    freezable.freeze(60_000);
    await clock.advance(1_000);
    expect(engine.timings().active).toBe(0);
    expect(relay.closes[0]).toMatchObject({ code: CloseCode.lost });
    await clock.advance(1_000);
    expect(relay.all('hello')).toHaveLength(2);
  });

  it('stays paused across a reconnect', async () => {
    const { clock, relay, provider } = await createReadyWorld();
    provider.pause({ code: 'paused', message: '' });
    await clock.advance(100);
    relay.link.reset();
    await clock.advance(2_000);
    expect(relay.all('hello').at(-1)!.models).toEqual([]);
    provider.resume();
    await clock.advance(10);
    expect(relay.all('models').at(-1)!.models).toHaveLength(1);
  });

  it('stops cleanly: hands back, closes, and does not come back', async () => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(405);
    const stopped = provider.stop();
    await clock.advance(10);
    await stopped;
    await clock.advance(60_000);
    expect(relay.all('models', 'handback')).toMatchObject([
      { models: [] },
      { job: jobId(1), code: 'stopped', grant: 0 },
    ]);
    expect(relay.closes).toMatchObject([{ code: CloseCode.normal }]);
    expect(relay.links).toHaveLength(1);
    expect(provider.status().state).toEqual({ name: 'idle' });
  });
});
