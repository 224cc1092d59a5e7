import { describe, expect, it } from 'vitest';
import { createRelayWorld, letters, type RelayWorld, type Tab } from './support/relay-world.ts';
import { OTHER_MODEL } from './support/byte-model.ts';

/** Somebody who is known by a key. */
const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

/** Ends the provider's oldest live attempt; the slot comes back. */
function serveNext({ provider }: Tab, served: number): void {
  provider.attempts[served]?.give([97]);
  provider.attempts[served]?.finish('length');
}

/** Which agent each attempt of a provider was for: each agent's prompt is its own name. */
function orderOf({ provider }: Tab): string {
  return provider.attempts.map(({ assignment }) => String.fromCharCode(assignment.prompt[2] ?? 0)).join('');
}

function askAs(world: RelayWorld, name: string) {
  return world.ask({ max_tokens: 1, messages: [{ role: 'user', content: name }] }, as(name));
}

describe('the choice of a provider', () => {
  it('prefers most free slots, and equals take turns', async () => {
    const world = createRelayWorld();
    const [small, large] = [world.join({ slots: 2 }), world.join({ slots: 4 })];
    for (let i = 0; i < 4; i++) {
      await world.ask();
      await world.clock.advance(1);
    }
    expect([small.provider.attempts.length, large.provider.attempts.length]).toEqual([1, 3]);
  });

  it('prefers who was not lost lately', async () => {
    const world = createRelayWorld();
    const steady = world.join({ slots: 3 });
    const shaky = world.join({ slots: 4 });
    await world.ask();
    expect(shaky.provider.attempts).toHaveLength(1);
    shaky.socket.drop();
    const again = world.dial();
    Object.assign(again.provider, { key: shaky.provider.key, account: shaky.provider.account });
    again.provider.hello({ slots: 3 });
    await world.ask();
    expect([steady.provider.attempts.length, again.provider.attempts.length]).toEqual([2, 0]);
  });

  it('sees only those that offer the model', async () => {
    const world = createRelayWorld();
    const bytes = world.join({ slots: 9 });
    const other = world.join({ models: [{ id: 'whatever it says', ...OTHER_MODEL.ref }] });
    await world.ask({ model: 'other' });
    expect([bytes.provider.attempts.length, other.provider.attempts.length]).toEqual([0, 1]);
  });

  it('ignores models that this relay does not know', async () => {
    const world = createRelayWorld();
    world.join({ models: [{ id: 'bytes', manifest: `0x${'00'.repeat(32)}`, variant: 'fp32' }] });
    expect((await world.ask()).errorCode).toBe('no_provider');
  });
});

describe('the waiting line', () => {
  it('is first come, first served for one agent', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    for (const name of ['a', 'b', 'c'])
      await world.ask({ max_tokens: 1, messages: [{ role: 'user', content: name }] });
    for (let i = 0; i < 2; i++) serveNext(tab, i);
    expect(orderOf(tab)).toBe('abc');
  });

  it('gives agents turns: a flood delays another’s single job by one slot', async () => {
    const world = createRelayWorld({ limits: { queuePerAgent: 1000 } });
    const tab = world.join();
    for (let i = 0; i < 200; i++) void askAs(world, 'f');
    await world.settle();
    for (let i = 0; i < 20; i++) serveNext(tab, i);
    await askAs(world, 'x');
    serveNext(tab, 20);
    serveNext(tab, 21);
    expect(orderOf(tab).slice(21)).toMatch(/^f?x/);
    expect(orderOf(tab).indexOf('x')).toBeLessThanOrEqual(22);
  });

  it('lets nobody starve whose jobs wait among those who come back again and again', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    for (let i = 0; i < 4; i++) void askAs(world, 'f');
    await world.settle();
    for (let i = 0; i < 12; i++) {
      await askAs(world, 'ab'[i % 2] as string);
      serveNext(tab, i);
    }
    expect(orderOf(tab).slice(0, 11).replaceAll(/[ab]/g, '')).toBe('ffff');
  });

  it('puts a job that lost its provider at the front', async () => {
    const world = createRelayWorld();
    const lost = world.join();
    await askAs(world, 'm');
    for (const name of ['a', 'b']) await askAs(world, name);
    lost.socket.drop();
    const next = world.join();
    serveNext(next, 0);
    expect(orderOf(next)).toBe('ma');
  });

  it('tells position and a guess of the time left, as comments', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    await askAs(world, 'a');
    await world.clock.advance(1_000);
    serveNext(tab, 0);
    const agents = [await askAs(world, 'a'), await askAs(world, 'b'), await askAs(world, 'c')];
    expect(agents[0]?.comments).toEqual([]);
    expect(agents[1]?.comments).toEqual([': queued position=1 eta=1s']);
    expect(agents[2]?.comments).toEqual([': queued position=2 eta=2s']);
    serveNext(tab, 1);
    await world.clock.advance(1_000);
    expect(agents[2]?.comments.at(-1)).toBe(': queued position=1 eta=1s');
    expect(world.eventsOf('jobWaiting').map(({ position }) => position)).toEqual([1, 2]);
  });

  it('has a bound for each agent and for all', async () => {
    const world = createRelayWorld({ limits: { queuePerAgent: 2, queueLength: 3 } });
    world.join();
    for (const name of ['a', 'a', 'a']) await askAs(world, name);
    const greedy = await askAs(world, 'a');
    expect([greedy.status, greedy.errorCode]).toEqual([429, 'agent_queue_full']);
    expect(greedy.headers['retry-after']).toBeDefined();
    expect((await askAs(world, 'b')).status).toBe(200);
    const late = await askAs(world, 'c');
    expect([late.status, late.errorCode]).toEqual([503, 'queue_full']);
  });

  it('has a limit of time, and forgets who went away', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    await askAs(world, 'a');
    const [impatient, patient] = [await askAs(world, 'b'), await askAs(world, 'c')];
    impatient.leave();
    for (let i = 0; i < 70; i++) {
      await world.clock.advance(500);
      tab.provider.heartbeat();
    }
    expect(patient.errorCode).toBe('queue_timeout');
    serveNext(tab, 0);
    expect(tab.provider.attempts).toHaveLength(1);
    expect(world.relay.figures().jobs).toMatchObject({ waiting: 0, finished: 0, failed: 1, cancelled: 1 });
  });
});

describe('own GPUs', () => {
  it('serve whoever holds their key, and nobody else pays for waiting behind them', async () => {
    const { createFreeAccess } = await import('../../../src/relay/access/access.ts');
    const probe = createRelayWorld().dial().provider.account;
    const world = createRelayWorld({
      access: createFreeAccess({ localhost: true, ownKeys: new Map([['my-own-key', probe]]) }),
    });
    expect((await world.ask({}, as('my-own-key'))).errorCode).toBe('no_provider');
    const own = world.join();
    const market = world.join({ slots: 2 });
    expect(own.provider.account).toBe(probe);
    for (let i = 0; i < 2; i++) await world.ask({ max_tokens: 1 }, as('my-own-key'));
    expect([own.provider.attempts.length, market.provider.attempts.length]).toEqual([1, 0]);
    await world.ask();
    expect([own.provider.attempts.length, market.provider.attempts.length]).toEqual([1, 1]);
    own.provider.attempts[0]?.give(letters(1));
    own.provider.attempts[0]?.finish('length');
    expect(own.provider.attempts).toHaveLength(2);
  });
});
