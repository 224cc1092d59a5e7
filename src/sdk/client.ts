import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { cryptoRandom, type Random } from '../core/random.ts';
import { Channel, type ChannelSnapshot } from './channel.ts';
import { closeChannel } from './channel-closing.ts';
import { ensureOpen } from './channel-opening.ts';
import { type CheckedReceipt, type ClientEvent, createEventSource } from './client-events.ts';
import { createClientFetch, type Purse } from './client-fetch.ts';
import { type ClientParts, createBackground } from './client-parts.ts';
import { parseCoins } from './coin.ts';
import { readStatus } from './channel-requests.ts';
import type { ChannelClosed, ChannelStatus } from './payment-messages.ts';
import { type PaymentTerms, readTerms, type TrustedContracts } from './payment-terms.ts';
import { createRelayEndpoint, type Fetch } from './relay-endpoint.ts';
import { systemClock } from './system-clock.ts';
import { createVoucherSender } from './voucher-sender.ts';
import { keyWallet, type Wallet } from './wallet.ts';

export interface ClientOptions {
  /** `https://relay.example`. */
  readonly relay: string;
  /** A private key (32 bytes of hex), or whatever signs: a viem account fits. */
  readonly wallet: string | Wallet;
  /** Whole coins that this client may spend at most on its channel, for example '1.00'. */
  readonly budget: string;
  /** Whole coins to open the channel with; all of the budget if missing. It is topped up as far as the budget goes. */
  readonly deposit?: string;
  /** Highest prices, in whole coins per million tokens. */
  readonly maxPrice?: { readonly out: string; readonly prompt: string };
  /** The only contracts that may hold the deposit. Without them the relay's word is taken. */
  readonly contracts?: TrustedContracts;
  /** What `save` was given last in an earlier run: goes on with its channel. */
  readonly state?: string | undefined;
  /** Keeps the state; called, and waited for, before each signature leaves this process. */
  readonly save?: (state: string) => void | Promise<void>;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface Client {
  readonly address: string;
  /** For `new OpenAI({ baseURL: relay + '/v1', apiKey: 'none', fetch: client.fetch })`. */
  readonly fetch: Fetch;
  /** Undefined before the first payment. */
  readonly channel: ChannelSnapshot | undefined;
  /** The newest hundred. */
  readonly receipts: readonly CheckedReceipt[];
  /** @returns a function that ends it */
  on(listener: (event: ClientEvent) => void): () => void;
  /** The relay's terms. @throws CodedError those of `readTerms` */
  terms(signal?: AbortSignal): Promise<PaymentTerms>;
  /** Opens the channel now rather than with the first request. */
  open(signal?: AbortSignal): Promise<ChannelSnapshot>;
  /** What the relay says of the channel; undefined where there is none. @throws CodedError the relay's */
  status(signal?: AbortSignal): Promise<ChannelStatus | undefined>;
  /** Resolves when the receipts of all ended answers are verified. */
  idle(): Promise<void>;
  /** What `save` gets; undefined where there is no channel. */
  exportState(): string | undefined;
  /** Closes the channel and gets the rest of the deposit back. Nothing is paid for after that. */
  close(signal?: AbortSignal): Promise<ChannelClosed | undefined>;
}

const KEPT_RECEIPTS = 100;

/**
 * An agent's client of one relay: one wallet, one channel, any number of streams.
 *
 * @example
 * const client = createClient({ relay: 'https://relay.example', wallet: key, budget: '1.00' });
 * const openai = new OpenAI({ baseURL: 'https://relay.example/v1', apiKey: 'none', fetch: client.fetch });
 * @throws CodedError `relay_invalid`, `key_invalid`
 */
export function createClient(options: ClientOptions): Client {
  const fetch = options.fetch ?? ((input, init) => globalThis.fetch(input, init));
  const wallet = typeof options.wallet === 'string' ? keyWallet(options.wallet) : options.wallet;
  const relay = createRelayEndpoint(options.relay, fetch);
  const clock = options.clock ?? systemClock;
  const events = createEventSource();
  const { maxPrice } = options;
  const receipts: CheckedReceipt[] = [];
  let terms: PaymentTerms | undefined;
  let purse: Purse | undefined;
  let isClosed = false;
  const parts: ClientParts = {
    relay,
    clock,
    events,
    background: createBackground(events),
    // Coins per million tokens have the digits of pico per token.
    maxPrice: maxPrice && { out: parseCoins(maxPrice.out, 6), prompt: parseCoins(maxPrice.prompt, 6) },
    get terms() {
      return terms;
    },
  };
  events.on((event) => {
    if (event.type !== 'receipt') return;
    receipts.push(event);
    if (receipts.length > KEPT_RECEIPTS) receipts.shift();
  });

  async function loadPurse(signal?: AbortSignal): Promise<Purse> {
    if (isClosed) throw new CodedError('client_closed', 'This client’s channel was closed.');
    const known = await loadTerms(signal);
    purse ??= openPurse(known);
    return purse;
  }

  function openPurse(known: PaymentTerms): Purse {
    const budget = parseCoins(options.budget, known.tokenDecimals);
    const deposit = options.deposit === undefined ? budget : parseCoins(options.deposit, known.tokenDecimals);
    const { random = cryptoRandom, save, state: saved } = options;
    const channel = new Channel({
      relay,
      wallet,
      clock,
      random,
      events,
      save,
      saved,
      terms: known,
      budget,
      deposit,
    });
    return { channel, sender: createVoucherSender(channel) };
  }

  async function loadTerms(signal?: AbortSignal): Promise<PaymentTerms> {
    return (terms ??= await readTerms(relay, options.contracts, signal));
  }

  return {
    address: wallet.address,
    fetch: createClientFetch({ parts, fetch, purse: loadPurse }),
    get channel() {
      return purse?.channel.snapshot();
    },
    receipts,
    on: (listener) => events.on(listener),
    terms: loadTerms,
    async open(signal) {
      const { channel } = await loadPurse(signal);
      await channel.lane.run(() => ensureOpen(channel, signal), signal);
      return channel.snapshot() as ChannelSnapshot;
    },
    status: async (signal) => readStatus((await loadPurse(signal)).channel, signal),
    idle: () => parts.background.idle(),
    exportState: () => purse?.channel.export() ?? options.state,
    async close(signal) {
      const { channel } = await loadPurse(signal);
      await parts.background.idle();
      const closed = await closeChannel(channel, signal);
      isClosed = true;
      return closed;
    },
  };
}
