import { toHex } from '../../../../src/core/bytes.ts';
import type { JobReceipt } from '../../../../src/protocol/money/receipt.ts';
import type { Hello } from '../../../../src/protocol/wire/messages.ts';
import { createFreeAccess } from '../../../../src/relay/access/access.ts';
import { loadRecovery } from '../../../../src/relay/node/native-signature.ts';
import { createMemoryReceiptStore } from '../../../../src/relay/receipts/memory-receipt-store.ts';
import type { ReceiptStore } from '../../../../src/relay/receipts/receipt-store.ts';
import type { RelayEvent } from '../../../../src/relay/relay-events.ts';
import { createRelay, type Relay, type RelayOptions } from '../../../../src/relay/relay.ts';
import { SimRandom } from '../../../../src/sim/sim-random.ts';
import { BYTE_MODEL, OTHER_MODEL } from './byte-model.ts';
import { StallingClock } from './stalling-clock.ts';
import { TestAgent, type TestRequest } from './test-agent.ts';
import { TestProvider } from './test-provider.ts';
import { TestSocket } from './test-socket.ts';

const { recover } = await loadRecovery();

/** A connected provider with its socket. */
export interface Tab {
  readonly provider: TestProvider;
  readonly socket: TestSocket;
}

/** A relay with a simulated clock, providers that do what they are told, and agents that see everything. */
export interface RelayWorld {
  readonly clock: StallingClock;
  readonly relay: Relay;
  readonly store: ReceiptStore;
  readonly events: RelayEvent[];
  /** Connects without a word. */
  dial(): Tab;
  /** Connects and says hello. */
  join(hello?: Partial<Hello>): Tab;
  request(request: TestRequest): TestAgent;
  /** A streamed chat request. */
  ask(body?: Readonly<Record<string, unknown>>, request?: TestRequest): Promise<TestAgent>;
  receipt(agent: TestAgent): Promise<JobReceipt>;
  /** Lets what is due happen. */
  settle(): Promise<void>;
  eventsOf<T extends RelayEvent['type']>(type: T): Extract<RelayEvent, { type: T }>[];
}

export function createRelayWorld(options: Partial<RelayOptions> = {}): RelayWorld {
  const clock = new StallingClock();
  const store = options.store ?? createMemoryReceiptStore();
  const relay = createRelay({
    address: toHex(new Uint8Array(20).fill(7)),
    models: [BYTE_MODEL, OTHER_MODEL],
    access: createFreeAccess({ localhost: true, ownKeys: new Map() }),
    recover,
    clock,
    random: new SimRandom(1),
    ...options,
    store,
  });
  const events: RelayEvent[] = [];
  relay.on((event) => events.push(event));
  let accounts = 0;

  const world: RelayWorld = {
    clock,
    relay,
    store,
    events,
    dial() {
      const socket = new TestSocket();
      const provider = new TestProvider(socket, accounts++);
      socket.onMessage = (message) => provider.hear(message);
      relay.accept(socket);
      return { provider, socket };
    },
    join(hello) {
      const tab = world.dial();
      tab.provider.hello(hello);
      return tab;
    },
    request: (request) => new TestAgent(relay, request),
    async ask(body = {}, request = {}) {
      const messages = [{ role: 'user', content: 'Speak.' }];
      const text = JSON.stringify({ model: BYTE_MODEL.id, messages, stream: true, ...body });
      const agent = world.request({ method: 'POST', path: '/v1/chat/completions', body: text, ...request });
      await world.settle();
      return agent;
    },
    async receipt(agent) {
      const found = await store.get(agent.job);
      if (!found || 'kind' in found) throw new Error('There is no receipt of a stream.');
      return found;
    },
    settle: () => clock.advance(0),
    eventsOf: <T extends RelayEvent['type']>(type: T) =>
      events.filter((event): event is Extract<RelayEvent, { type: T }> => event.type === type),
  };
  return world;
}

/** `count` ids, none of which ends anything. */
export function letters(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 97 + (i % 26));
}
