import type { Clock } from '../../../src/core/clock.ts';
import type { Engine } from '../../../src/engine/engine.ts';
import type { PayoutTerms } from '../../../src/protocol/wire/earnings.ts';
import type { AttemptRef } from '../../../src/protocol/wire/job.ts';
import { attemptKey, type AttemptStore, type StoredAttempt } from '../../../src/provider/attempt-store.ts';
import { Provider, type ProviderOptions } from '../../../src/provider/provider.ts';
import { createKeySigner } from '../../../src/provider/wallet/key-signer.ts';
import { SimClock } from '../../../src/sim/sim-clock.ts';
import { createSimEngine } from '../../../src/sim/sim-engine.ts';
import { SimRandom } from '../../../src/sim/sim-random.ts';
import { MODEL, ScriptedRelay } from './scripted-relay.ts';

export class MemoryAttempts implements AttemptStore {
  readonly attempts = new Map<string, StoredAttempt>();

  async put(attempt: StoredAttempt): Promise<void> {
    this.attempts.set(attemptKey(attempt), attempt);
  }

  async leaves(ref: AttemptRef): Promise<readonly Uint8Array[] | undefined> {
    return this.attempts.get(attemptKey(ref))?.leaves;
  }
}

/** A clock whose time can jump, as it does for a frozen tab: timers know nothing of it. */
export function createFreezableClock(clock: SimClock): Clock & { freeze(ms: number): void } {
  let offset = 0;
  return {
    now: () => clock.now() + offset,
    after: (ms, run) => clock.after(ms, run),
    freeze: (ms) => void (offset += ms),
  };
}

export interface World {
  readonly clock: SimClock;
  readonly relay: ScriptedRelay;
  readonly engine: Engine;
  readonly store: MemoryAttempts;
  readonly provider: Provider;
}

export const KEY = new Uint8Array(32).fill(7);

/** One provider, one scripted relay, one clock: a step of the engine takes 10 ms. */
export function createWorld(
  changes: Partial<ProviderOptions> & { slots?: number; terms?: PayoutTerms } = {},
  clock = new SimClock(),
): World {
  const relay = new ScriptedRelay(clock);
  relay.payouts = changes.terms;
  const engine = createSimEngine({ clock, slots: changes.slots ?? 4, stepMs: 10 });
  const store = new MemoryAttempts();
  const provider = new Provider({
    relayUrl: 'ws://relay/v1/provider',
    connect: relay.connect,
    clock,
    random: new SimRandom(1),
    signer: createKeySigner(KEY),
    engine,
    model: {
      offer: { ...MODEL, id: 'sim-fp32' },
      stopIds: [],
      // A stop "string" of these tests is a decimal token id.
      stopWhen: (stop) => (id) => stop.includes(String(id)),
    },
    store,
    ...changes,
  });
  return { clock, relay, engine, store, provider };
}

/** A world whose provider is connected and welcome. */
export async function createReadyWorld(...given: Parameters<typeof createWorld>): Promise<World> {
  const world = createWorld(...given);
  world.provider.start();
  await world.clock.advance(10);
  return world;
}
