import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { Clock } from '../core/clock.ts';
import { hubIdOf, payoutDigester } from '../protocol/money/payout.ts';
import { addressOf, signDigest } from '../protocol/money/signature.ts';
import { type BrokenInvariant, checkInvariants } from '../relay/ledger/invariants.ts';
import type { Ledger } from '../relay/ledger/ledger.ts';
import { createMemoryLedger } from '../relay/ledger/memory-ledger.ts';
import type { Limits } from '../relay/limits.ts';
import { challengeKey, createChallenges } from '../relay/payments/challenge.ts';
import type { PaymentEvent } from '../relay/payments/payment-events.ts';
import type { PaymentTerms } from '../relay/payments/payment-terms.ts';
import type { PaymentLimits } from '../relay/payments/payments.ts';
import { SILENT_LOG } from '../relay/log.ts';
import {
  createPayouts,
  type PayoutEvent,
  type Payouts,
  type PayoutsParts,
} from '../relay/payouts/payouts.ts';
import type { SettlementChain } from '../relay/settlement/settlement-chain.ts';
import { SimChain } from './sim-chain.ts';
import type { SimClock } from './sim-clock.ts';
import { createSimLedger, type SimLedger } from './sim-ledger.ts';
import { SIM_ENCODER, SIM_MODEL } from './sim-model.ts';
import { SimPayer } from './sim-payer.ts';
import { SimRandom } from './sim-random.ts';
import { createSimWorld, type SimWorld } from './sim-world.ts';

export interface PaidWorldOptions {
  readonly price?: { readonly out: bigint; readonly prompt: bigint };
  readonly confirmations?: number;
  readonly payments?: Partial<PaymentLimits>;
  readonly limits?: Partial<Limits>;
  /** Providers are paid, too. */
  readonly payouts?: Pick<PayoutsParts, 'limits' | 'holdback'>;
}

/** A world in which agents pay: a chain, a ledger that outlives its relay, and wallets. */
export interface PaidWorld extends SimWorld {
  readonly chain: SimChain;
  /** The disk's own, with what is durable. */
  readonly ledger: Ledger;
  readonly terms: PaymentTerms;
  readonly paymentEvents: PaymentEvent[];
  readonly payoutEvents: PayoutEvent[];
  /** Broken rules of money, looked for after each write (rule M8). */
  readonly broken: BrokenInvariant[];
  /** A wallet with `funds` base units. */
  payer(funds?: bigint): SimPayer;
}

const DECIMALS = 6;

export function createPaidWorld(seed: number, options: PaidWorldOptions = {}): PaidWorld {
  const { confirmations = 2, price = { out: 1_000_000n, prompt: 200_000n } } = options;
  const key = new SimRandom(seed + 7_777).bytes(32);
  const relay = addressOf(key);
  const account = (digit: string): Hex => `0x${digit.repeat(40)}`;
  const terms: PaymentTerms = {
    relay,
    chainId: 31_337,
    token: account('a'),
    tokenName: 'Test Dollar',
    tokenVersion: '1',
    tokenDecimals: DECIMALS,
    escrow: account('b'),
    hub: account('c'),
    feeBps: 500,
    closeGraceSeconds: 60,
    confirmations,
    minDeposit: 100n,
    suggestedDeposit: 1_000n,
    feePayer: true,
    prices: new Map(
      [SIM_MODEL, SIM_ENCODER].map(({ id }) => [
        id,
        { out: String(price.out), prompt: String(price.prompt) },
      ]),
    ),
  };
  const ledger = createMemoryLedger({ unit: 10n ** BigInt(12 - DECIMALS) });
  const broken: BrokenInvariant[] = [];
  const paymentEvents: PaymentEvent[] = [];
  const payoutEvents: PayoutEvent[] = [];
  let chain: SimChain | undefined;
  let process: SimLedger | undefined;
  let payouts: Payouts | undefined;

  function chainOf(clock: SimClock, random: SimRandom): SimChain {
    const { chainId, closeGraceSeconds, escrow, hub, token } = terms;
    const place = { chainId, contract: escrow };
    return (chain ??= new SimChain({
      clock,
      random,
      place,
      relay,
      token,
      hub,
      graceSeconds: closeGraceSeconds,
    }));
  }

  const world = createSimWorld(seed, {
    address: relay,
    relay({ clock, random }) {
      process = createSimLedger(ledger, clock, random, () => broken.push(...checkInvariants(ledger.state)));
      payouts = options.payouts && openPayouts(process, chainOf(clock, random), clock);
      return {
        ...(payouts ? { payouts } : {}),
        access: () => {
          throw new CodedError('payment_required', 'Nobody is served for free.');
        },
        store: ledger.receipts,
        ...(options.limits ? { limits: options.limits } : {}),
        payments: {
          terms,
          ledger: process,
          chain: chainOf(clock, random),
          secret: challengeKey(key),
          ...(options.payments ? { limits: options.payments } : {}),
          faucet: 1_000_000n,
        },
      };
    },
  });

  function openPayouts(own: SimLedger, of: SimChain, clock: Clock): Payouts {
    const { chainId, feeBps, hub, token } = terms;
    const place = { chainId, contract: hub };
    const parts = { token, owner: relay, signer: relay };
    const digestOf = payoutDigester(hubIdOf(parts, place), place);
    return createPayouts({
      ...options.payouts,
      ledger: own,
      chain: mortal(of, own),
      clock,
      log: SILENT_LOG,
      hub: { chainId, hub, ...parts, unit: String(ledger.state.unit), feeBps },
      sign: (payee, cumulativeAmount) => signDigest(digestOf({ payee, cumulativeAmount }), key),
      emit: (event) => payoutEvents.push(event),
    });
  }

  function begin(): void {
    const second = payouts;
    if (second) world.relay.onPayment((event) => second.hear(event));
    world.relay.onPayment((event) => paymentEvents.push(event));
    void world.relay.start();
  }

  begin();
  const challenges = createChallenges(challengeKey(key), terms, ledger.state.unit, world.clock);
  const paid: Omit<PaidWorld, keyof SimWorld> = {
    chain: chain as unknown as SimChain,
    ledger,
    terms,
    paymentEvents,
    payoutEvents,
    broken,
    payer(funds = 1_000_000n) {
      const payer = new SimPayer(
        () => world.relay,
        world.clock,
        world.random,
        terms,
        () => challenges.issue(),
      );
      (chain as unknown as SimChain).balances.set(payer.wallet.address, funds);
      return payer;
    },
  };
  return Object.defineProperties(
    {},
    {
      ...Object.getOwnPropertyDescriptors(world),
      ...Object.getOwnPropertyDescriptors(paid),
      restart: {
        value() {
          process?.crash();
          world.restart();
          begin();
        },
      },
    },
  ) as PaidWorld;
}

/** The chain as a process sees it: once that is dead, nothing more of it gets there, and nobody is answered. */
function mortal(chain: SimChain, process: SimLedger): SettlementChain {
  const alive = <A extends unknown[], R>(call: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const never = new Promise<R>(() => {});
      if (process.dead()) return never;
      const answer = await call(...args);
      return process.dead() ? never : answer;
    };
  };
  return {
    gasPrice: alive(() => chain.gasPrice()),
    balance: alive(() => chain.balance()),
    hubBalance: alive(() => chain.hubBalance()),
    finish: alive(() => chain.finish()),
    fundsOf: alive((channels) => chain.fundsOf(channels)),
    paidOf: alive((payees) => chain.paidOf(payees)),
    settle: alive((claims) => chain.settle(claims)),
    fundHub: alive((amount) => chain.fundHub(amount)),
    redeem: alive((claims) => chain.redeem(claims)),
  };
}
