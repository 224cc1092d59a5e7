import { createMemoryPayouts } from '../../../../src/provider/income/payout-store.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import type {
  EngineOrder,
  EngineSource,
  ModelChoice,
} from '../../../../src/provider/compute/engine-source.ts';
import { Lender, type LenderPorts, type LendingOrder } from '../../../../src/provider/compute/lender.ts';
import { createKeySigner } from '../../../../src/provider/wallet/key-signer.ts';
import type { ErrorBody } from '../../../../src/core/errors.ts';
import { sleep } from '../../../../src/core/clock.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';
import { createSimEngine } from '../../../../src/sim/sim-engine.ts';
import { SimRandom } from '../../../../src/sim/sim-random.ts';
import { MODEL, ScriptedRelay } from '../scripted-relay.ts';
import { KEY, MemoryAttempts } from '../world.ts';

export const order: LendingOrder = {
  relayUrl: 'ws://relay',
  model: 'sim-fp32',
  backend: 'wasm',
  slots: 2,
  allowSoftware: false,
  creditLimit: '1000000',
  share: 1,
  giveWay: 'always',
  memoryBytes: 0,
  promptTokens: 0,
};

const SIM_CHOICE: ModelChoice = {
  id: 'sim-fp32',
  name: 'Sim',
  description: '',
  variant: 'fp32',
  parameters: 1,
  downloadBytes: 100,
  memoryBytes: 100,
  context: 4096,
};

export interface LendingWorldOptions {
  readonly load?: EngineSource['load'];
  readonly holdLock?: LenderPorts['holdLock'];
  /** Of the engine, in ms. */
  readonly stepMs?: (rows: number) => number;
  /** Stands before each engine that was made; `n` from 0. */
  readonly wrap?: (engine: Engine, n: number) => Engine;
}

/** A lender on simulated engines, one relay that does what the test says, one clock. Loading takes two seconds. */
export function createLendingWorld(options: LendingWorldOptions = {}) {
  const { stepMs = () => 10, wrap = (engine) => engine } = options;
  const clock = new SimClock();
  const relay = new ScriptedRelay(clock);
  const engines: Engine[] = [];
  const orders: EngineOrder[] = [];
  let lose = (): void => {};
  const locks = { held: 0 };
  const source: EngineSource = {
    probe: async () => ({ webgpu: true, name: 'Simulated GPU', gpuClass: 'sim', software: false }),
    models: async () => [SIM_CHOICE],
    measure: () => Promise.reject(new Error('There is nothing to measure.')),
    fits: async () => [],
    async load(wanted, progress, signal) {
      progress({ phase: 'download', step: 'receiving', bytes: 50, total: 100, rate: 0 });
      await sleep(clock, 1_000, signal);
      progress({ phase: 'prepare' });
      await sleep(clock, 1_000, signal);
      const engine = wrap(createSimEngine({ clock, slots: wanted.slots, stepMs }), engines.length);
      engines.push(engine);
      orders.push(wanted);
      const error = { code: 'device_lost', message: 'The GPU was lost.' };
      const lost = new Promise<ErrorBody>((resolve) => (lose = () => resolve(error)));
      const offer = { ...MODEL, id: wanted.model };
      return { engine, lost, model: { offer, stopIds: [], stopWhen: () => () => false } };
    },
    ...(options.load ? { load: options.load } : {}),
  };
  const lender = new Lender({
    clock,
    random: new SimRandom(3),
    connect: relay.connect,
    source,
    store: new MemoryAttempts(),
    payouts: createMemoryPayouts(),
    signer: createKeySigner(KEY),
    holdLock: async () => {
      locks.held++;
      return () => void locks.held--;
    },
    ...(options.holdLock ? { holdLock: options.holdLock } : {}),
  });
  return { clock, relay, engines, orders, lender, locks, lose: () => lose() };
}
