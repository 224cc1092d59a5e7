import { setImmediate as turn } from 'node:timers/promises';
import type { Hex } from '../../../../src/core/bytes.ts';
import { type Client, type ClientOptions, createClient } from '../../../../src/sdk/client.ts';
import { keyWallet } from '../../../../src/sdk/wallet.ts';
import { createPaidWorld, type PaidWorld } from '../../../../src/sim/paid-world.ts';
import { relayFetch } from './relay-fetch.ts';
import { RELAY } from './scripted-terms.ts';

export const KEY = `0x${'42'.repeat(32)}`;
export const UNIT = 1_000_000n;
/** `hello` between two marks, at a fifth of a base unit each; a base unit for each token. */
export const PROMPT_FEE = 7n * 200_000n;

/** A real relay in a simulated world, and the SDK as its paying agent. */
export interface Scene {
  readonly world: PaidWorld;
  readonly client: Client;
  readonly problems: string[];
  state(): string | undefined;
}

/** Lets simulated time go on until a promise settles. */
export async function during<T>(world: PaidWorld, promise: Promise<T>): Promise<T> {
  let isSettled = false;
  const settled = promise.finally(() => (isSettled = true));
  settled.catch(() => {});
  for (let step = 0; step < 20_000 && !isSettled; step++) {
    await world.clock.advance(5);
    await turn();
  }
  if (!isSettled) throw new Error('It takes too long.');
  return settled;
}

export function agentOf(world: PaidWorld, options: Partial<ClientOptions> = {}): Scene {
  let state: string | undefined;
  const client = createClient({
    relay: RELAY,
    wallet: KEY,
    budget: '0.01',
    clock: world.clock,
    random: world.random,
    fetch: relayFetch(() => world.relay),
    save: (text) => void (state = text),
    ...options,
  });
  const problems: string[] = [];
  client.on((event) => {
    if (event.type === 'problem') problems.push(`${event.error.code}: ${event.error.message}`);
  });
  return { world, client, problems, state: () => state };
}

export async function openWorld(seed: number, tabs = 1): Promise<PaidWorld> {
  const world = createPaidWorld(seed);
  for (let tab = 0; tab < tabs; tab++) world.addTab({ stepMs: 10 });
  world.chain.balances.set(keyWallet(KEY).address, 1_000_000n);
  await world.clock.advance(3_000);
  return world;
}

export function ask({ client }: Scene, maxTokens: number, more: object = {}): Promise<Response> {
  const messages = [{ role: 'user', content: 'hello' }];
  const body = { model: 'sim', messages, max_tokens: maxTokens, stream: true, ...more };
  return client.fetch(`${RELAY}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(body) });
}

export async function read(scene: Scene, maxTokens: number, more: object = {}): Promise<string> {
  return during(
    scene.world,
    ask(scene, maxTokens, more).then((response) => response.text()),
  );
}

export function spentBy({ world, client }: Scene): bigint | undefined {
  return world.ledger.state.channels.get(client.channel?.channelId as Hex)?.spent;
}
