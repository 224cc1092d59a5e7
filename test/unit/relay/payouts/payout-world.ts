import type { Hex } from '../../../../src/core/bytes.ts';
import { addressOf, signDigest } from '../../../../src/protocol/money/signature.ts';
import { hubIdOf, payoutDigester } from '../../../../src/protocol/money/payout.ts';
import type { Earnings, PayoutTerms, PayoutVoucher } from '../../../../src/protocol/wire/earnings.ts';
import type { RelayMessage } from '../../../../src/protocol/wire/messages.ts';
import type { Ledger } from '../../../../src/relay/ledger/ledger.ts';
import { createMemoryLedger } from '../../../../src/relay/ledger/memory-ledger.ts';
import type { Log } from '../../../../src/relay/log.ts';
import { DEMO_PAYOUT_LIMITS, type PayoutLimits } from '../../../../src/relay/payouts/payout-limits.ts';
import {
  createPayouts,
  type PayoutEvent,
  type Payouts,
  type PayoutsParts,
} from '../../../../src/relay/payouts/payouts.ts';
import type { Provider } from '../../../../src/relay/providers/provider.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';
import { MemoryChain } from './memory-chain.ts';

/** A token with 6 decimals. */
export const UNIT = 1_000_000n;
/** Of one chunk of 32 tokens: 10 base units to the agent, of which the provider gets 95%. */
export const CHUNK_PRICE = 10n * UNIT;
export const CHUNK_SHARE = (CHUNK_PRICE * 95n) / 100n;

const KEY = new Uint8Array(32).fill(5);
const signer = addressOf(KEY);
export const HUB: Omit<PayoutTerms, 'minimum' | 'threshold'> = {
  chainId: 31_337,
  hub: `0x${'b0'.repeat(20)}`,
  token: `0x${'70'.repeat(20)}`,
  owner: signer,
  signer,
  unit: String(UNIT),
  feeBps: 500,
};
const place = { chainId: HUB.chainId, contract: HUB.hub };
const digestOf = payoutDigester(hubIdOf(HUB, place), place);
export const signPayout = (payee: Hex, cumulativeAmount: bigint): Hex =>
  signDigest(digestOf({ payee, cumulativeAmount }), KEY);

export const account = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`;
const channel: Hex = `0x${'c1'.repeat(32)}`;
const PAYER = account(99);

/** A provider's connection, as far as money goes. */
export interface Tab {
  readonly provider: Provider;
  readonly vouchers: PayoutVoucher[];
  readonly earnings: (Earnings & { readonly at: number })[];
}

export interface PayoutWorld {
  readonly clock: SimClock;
  readonly ledger: Ledger;
  readonly chain: MemoryChain;
  readonly events: PayoutEvent[];
  readonly complaints: string[];
  payouts: Payouts;
  /** Another process on the same books. */
  restart(): void;
  join(account: Hex): Tab;
  /** Lets time pass in small steps: settlement is a long chain of promises. */
  pass(ms: number): Promise<void>;
  /** The agent asks the chain to close. */
  requestClose(): Promise<void>;
  /** An agent's voucher for this many base units more. */
  prepay(more: bigint): Promise<void>;
  /** Books chunks of paid work, one operation each, as the relay's jobs do. */
  work(account: Hex, chunks: number): Promise<void>;
}

export async function createPayoutWorld(
  options: Partial<Omit<PayoutsParts, 'limits'>> & { limits?: Partial<PayoutLimits> } = {},
): Promise<PayoutWorld> {
  const clock = new SimClock();
  const ledger = options.ledger ?? createMemoryLedger({ unit: UNIT });
  const chain = new MemoryChain();
  const events: PayoutEvent[] = [];
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void =>
    void complaints.push(
      `${message} ${JSON.stringify(fields, (_, value) => (typeof value === 'bigint' ? String(value) : value))}`,
    );
  const log: Log = { info: () => {}, warn: complain, error: complain };
  const open = (): Payouts =>
    createPayouts({
      ledger,
      chain,
      clock,
      log,
      hub: HUB,
      sign: signPayout,
      emit: (event) => events.push(event),
      ...options,
      limits: { ...DEMO_PAYOUT_LIMITS, ...options.limits },
    });
  let jobs = 0;
  const deposit = 10n ** 9n;
  chain.deposits.set(channel, deposit);
  const world: PayoutWorld = {
    clock,
    ledger,
    chain,
    events,
    complaints,
    payouts: open(),
    restart: () => (world.payouts = open()),
    join(name) {
      const tab: Tab = {
        provider: {
          account: name,
          send(message: RelayMessage) {
            if (message.type === 'voucher') tab.vouchers.push(message);
            if (message.type === 'earnings') tab.earnings.push({ ...message, at: clock.now() });
          },
        } as Provider,
        vouchers: [],
        earnings: [],
      };
      world.payouts.join(tab.provider);
      return tab;
    },
    async pass(ms) {
      for (let left = ms; left > 0; left -= 50) await clock.advance(Math.min(50, left));
    },
    async requestClose() {
      const named = { channel, payer: PAYER, signer: PAYER };
      const onChain = { deposit, settled: 0n, closeRequestedAt: 1, finalized: false, block: 2 };
      await ledger.commit([{ type: 'channel', id: 'close/request', ...named, ...onChain }]);
      world.payouts.hear({ type: 'channelClosing', at: clock.now(), channel });
    },
    async prepay(more) {
      const { accepted } = ledger.state.channels.get(channel)!;
      const cumulative = accepted / UNIT + more;
      const signature = `0x${'bb'.repeat(65)}` as const;
      await ledger.commit([{ type: 'voucher', id: `p${jobs++}`, channel, cumulative, signature }]);
      world.payouts.hear({ type: 'voucherAccepted', at: clock.now(), channel, cumulative });
    },
    async work(provider, chunks) {
      const job: Hex = `0x${(++jobs).toString(16).padStart(32, '0')}`;
      const row = ledger.state.channels.get(channel);
      const accepted = (row?.accepted ?? 0n) / UNIT + BigInt(chunks) * (CHUNK_PRICE / UNIT);
      const terms = { out: CHUNK_PRICE / 32n, prompt: 0n, promptTokens: 1, feeBps: 500 };
      const named = { channel, payer: PAYER, signer: PAYER };
      const onChain = { deposit, settled: 0n, closeRequestedAt: 0, finalized: false, block: 1 };
      const results = await ledger.commit([
        ...(row ? [] : [{ type: 'channel' as const, id: 'open', ...named, ...onChain }]),
        { type: 'voucher', id: `v${jobs}`, channel, cumulative: accepted, signature: `0x${'aa'.repeat(65)}` },
        { type: 'reserve', id: `r${jobs}`, channel, job, terms, maxTokens: chunks * 32, cover: chunks * 32 },
      ]);
      if (results.some(({ ok }) => !ok)) throw new Error(JSON.stringify(results.at(-1)));
      for (let i = 0; i < chunks; i++) {
        const before = { chunks: i, tokens: i * 32 };
        const id = `${job}/0/${i}`;
        await ledger.commit([
          { type: 'chunk', id, job, provider, before, at: clock.now(), tokens: 32, cover: chunks * 32 },
        ]);
        const amounts = { charged: CHUNK_PRICE, accrued: CHUNK_SHARE, fee: CHUNK_PRICE - CHUNK_SHARE };
        world.payouts.hear({ type: 'accrued', at: clock.now(), job, channel, provider, ...amounts });
      }
      await ledger.commit([{ type: 'release', id: `${job}/release`, job }]);
    },
  };
  return world;
}
