import { describe, expect, it } from 'vitest';
import { prefixScope } from '../../../src/relay/jobs/prefix-scope.ts';
import { createRelayWorld, letters, type RelayWorld, type Tab } from './support/relay-world.ts';

const [one, other] = [
  '0x1111111111111111111111111111111111111111',
  '0x2222222222222222222222222222222222222222',
] as const;

const ask = (world: RelayWorld, key?: string): Promise<unknown> =>
  world.ask({ max_tokens: 2 }, key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } });

/** The scope of a job that this agent asks for now, which is then finished. */
async function scopeOf(world: RelayWorld, { provider }: Tab, key?: string): Promise<string | undefined> {
  await ask(world, key);
  const { attempt } = provider;
  attempt.give(letters(2));
  attempt.finish('length');
  await world.settle();
  return attempt.assignment.scope;
}

describe('E2 the scope of a job', () => {
  it('is one for each agent and provider', () => {
    const secret = new Uint8Array(32).fill(7);
    const scope = prefixScope(secret, 'payer:a', one);
    expect(scope).toMatch(/^0x[0-9a-f]{32}$/);
    expect(prefixScope(secret, 'payer:a', one)).toBe(scope);
    const others = [
      prefixScope(secret, 'payer:b', one),
      prefixScope(secret, 'payer:a', other),
      prefixScope(new Uint8Array(32).fill(8), 'payer:a', one),
    ];
    expect(new Set([scope, ...others]).size).toBe(4);
  });

  it('comes with the jobs of agents that show a key, and tells them apart', async () => {
    const world = createRelayWorld();
    const tab = world.join();
    const [a, again, b] = [
      await scopeOf(world, tab, 'a'),
      await scopeOf(world, tab, 'a'),
      await scopeOf(world, tab, 'b'),
    ];
    expect(a).toMatch(/^0x[0-9a-f]{32}$/);
    expect(again).toBe(a);
    expect(b).not.toBe(a);
  });

  it('is missing where nobody says who asks', async () => {
    const world = createRelayWorld();
    expect(await scopeOf(world, world.join())).toBeUndefined();
  });

  it('changes when a job moves', async () => {
    const world = createRelayWorld();
    const tabs = [world.join(), world.join()];
    await ask(world, 'a');
    const first = tabs.find(({ provider }) => provider.attempts.length > 0)!;
    const { scope } = first.provider.attempt.assignment;
    first.socket.drop();
    await world.settle();
    const next = tabs.find((tab) => tab !== first)!;
    expect(next.provider.attempt.assignment.scope).toMatch(/^0x/);
    expect(next.provider.attempt.assignment.scope).not.toBe(scope);
  });
});
