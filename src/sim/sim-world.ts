import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { addressOf, recoverAddress } from '../protocol/money/signature.ts';
import type { EmbedJobReceipt } from '../protocol/money/embed-job-receipt.ts';
import type { JobReceipt } from '../protocol/money/receipt.ts';
import type { Connect } from '../protocol/wire/frame-socket.ts';
import { Provider } from '../provider/provider.ts';
import { createMemoryPayouts, type MemoryPayouts } from '../provider/income/payout-store.ts';
import type { AttemptStore } from '../provider/attempt-store.ts';
import { createKeySigner } from '../provider/wallet/key-signer.ts';
import { createFreeAccess } from '../relay/access/access.ts';
import { createMemoryReceiptStore } from '../relay/receipts/memory-receipt-store.ts';
import type { ReceiptStore } from '../relay/receipts/receipt-store.ts';
import { createRelay, type Relay, type RelayOptions } from '../relay/relay.ts';
import { type SimAnswer, simChat } from './sim-agent.ts';
import { SimClock } from './sim-clock.ts';
import { createSimEmbedder } from './sim-embedder.ts';
import { createSimEngine } from './sim-engine.ts';
import { SIM_ENCODER, SIM_MODEL } from './sim-model.ts';
import { createLink, type Link } from './sim-network.ts';
import { SimRandom } from './sim-random.ts';

export interface SimTab {
  readonly provider: Provider;
  readonly account: Hex;
  /** What it keeps of its money; outlives the provider. */
  readonly payouts: MemoryPayouts;
  /** The connection of now, if there is one. */
  link(): Link | undefined;
  /** Pulls the cable; new connections fail too until `mend`. */
  cut(): void;
  mend(): void;
}

export interface SimTabOptions {
  readonly slots?: number;
  readonly stepMs?: number;
  /** It makes vectors, beside texts or instead of them; what an input token takes, in ms. */
  readonly embeds?: { readonly tokenMs: number; readonly alone?: boolean };
  /** In pico. */
  readonly creditLimit?: bigint;
}

/** A relay, its tabs and its agents in one process, on one simulated clock: the same code as in the product. */
export interface SimWorld {
  readonly clock: SimClock;
  readonly random: SimRandom;
  /** The one of now: a restarted world has another. */
  readonly relay: Relay;
  readonly tabs: SimTab[];
  addTab(options?: SimTabOptions): SimTab;
  /** Sends a chat request; the answer fills as the clock advances. */
  ask(body: Readonly<Record<string, unknown>>): SimAnswer;
  receipt(job: string): Promise<JobReceipt | undefined>;
  embedReceipt(job: string): Promise<EmbedJobReceipt | undefined>;
  /** The relay's process dies, and another one takes its place: sockets break, memory is gone. */
  restart(): void;
}

export interface SimWorldOptions {
  /** Parts of each relay that is started. */
  readonly relay?: (world: { clock: SimClock; random: SimRandom }) => Partial<RelayOptions>;
  readonly address?: Hex;
}

export function createSimWorld(seed: number, options: SimWorldOptions = {}): SimWorld {
  const clock = new SimClock();
  const random = new SimRandom(seed);
  const store = createMemoryReceiptStore();
  const address = options.address ?? addressOf(random.bytes(32));
  let receipts: ReceiptStore = store;
  const start = (): Relay => {
    const own = options.relay?.({ clock, random }) ?? {};
    receipts = own.store ?? store;
    return createRelay({
      address,
      models: [SIM_MODEL, SIM_ENCODER],
      access: createFreeAccess({ localhost: true, ownKeys: new Map() }),
      store,
      recover: recoverAddress,
      // Whole milliseconds, as the machine's clock gives them: receipts hold nothing else.
      clock: { now: () => Math.floor(clock.now()), after: (ms, run) => clock.after(ms, run) },
      random,
      ...own,
    });
  };
  let relay = start();
  const tabs: SimTab[] = [];
  return {
    clock,
    random,
    get relay() {
      return relay;
    },
    tabs,
    addTab({ slots = 4, stepMs = 20, creditLimit, embeds } = {}) {
      const payouts = createMemoryPayouts();
      let link: Link | undefined;
      let down = false;
      const connect: Connect = async () => {
        if (down) throw new CodedError('relay_unreachable', 'The simulated cable is out.');
        link = createLink(clock, { delay: () => 1 + random.unit() * 10 });
        relay.accept(link.server);
        return link.client;
      };
      const signer = createKeySigner(random.bytes(32));
      const provider = new Provider({
        relayUrl: 'ws://sim',
        connect,
        clock,
        random,
        signer,
        ...(embeds?.alone
          ? {}
          : {
              engine: createSimEngine({ clock, slots, stepMs, context: SIM_MODEL.context }),
              model: {
                offer: { id: SIM_MODEL.id, ...SIM_MODEL.ref },
                stopIds: [],
                stopWhen: () => () => false,
              },
            }),
        ...(embeds
          ? {
              encoder: {
                embedder: createSimEmbedder({ clock, tokenMs: embeds.tokenMs }),
                offer: { id: SIM_ENCODER.id, ...SIM_ENCODER.ref },
                slots,
              },
            }
          : {}),
        store: createMemoryAttempts(),
        payouts,
        ...(creditLimit === undefined ? {} : { creditLimit }),
      });
      const tab: SimTab = {
        provider,
        account: signer.account,
        payouts,
        link: () => link,
        cut() {
          down = true;
          link?.cut();
        },
        mend: () => (down = false),
      };
      tabs.push(tab);
      provider.start();
      return tab;
    },
    ask: (body) => simChat(relay, { model: SIM_MODEL.id, ...body }),
    async receipt(job) {
      const receipt = await receipts.get(job as Hex);
      return receipt && 'kind' in receipt ? undefined : receipt;
    },
    async embedReceipt(job) {
      const receipt = await receipts.get(job as Hex);
      return receipt && 'kind' in receipt ? receipt : undefined;
    },
    restart() {
      for (const tab of tabs) tab.link()?.reset();
      relay = start();
    },
  };
}

function createMemoryAttempts(): AttemptStore {
  const kept = new Map<string, readonly Uint8Array[]>();
  return {
    async put({ job, lease, leaves }) {
      kept.set(`${job}/${lease}`, leaves);
    },
    leaves: async ({ job, lease }) => kept.get(`${job}/${lease}`),
  };
}
