import { sha256 } from '@noble/hashes/sha2.js';
import { type Hex, toHex, utf8 } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { type Random, randomId } from '../../core/random.ts';
import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import { ceilToBase, fullCost, type JobTerms, pinTerms } from '../../protocol/money/price.ts';
import type { Price } from '../../protocol/wire/job.ts';
import { isEnding, requiredVoucher } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { Quote } from './challenge.ts';
import { ChannelPayment, firstCover } from './channel-payment.ts';
import type { SignedVoucher } from './credential.ts';
import type { DepositDoubts } from './deposit-doubts.ts';
import type { PaymentListener } from './payment-events.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { refusalError, refused } from './refusal.ts';
import type { RequestKey } from './repeats.ts';
import type { RunningPayments } from './running-payments.ts';
import type { VoucherIntake } from './voucher-intake.ts';

export interface DeskParts {
  readonly clock: Clock;
  readonly doubts: Pick<DepositDoubts, 'has'>;
  readonly emit: PaymentListener;
  readonly intake: VoucherIntake;
  readonly isBlind: () => boolean;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly running: RunningPayments;
  readonly terms: PaymentTerms;
}

/** What a request asks for, as far as money is concerned. */
export interface Order {
  readonly model: string;
  readonly promptTokens: number;
  /** Of each choice. */
  readonly maxTokens: number;
  /** Each is a job: it costs its prompt and its output (rule A7). */
  readonly choices: number;
  /** Of a request for vectors: the tokens of each of its jobs, which pay for nothing else (rule V5). */
  readonly parts?: readonly number[];
}

/** Where vouchers become cover: accepted, booked, and held for jobs. */
export interface PaymentDesk {
  /** What a request costs at most. @throws CodedError `model_not_sold` */
  quote(order: Order): Quote;
  /** The same, and what the next voucher on this channel must reach for it to start. */
  quoteFor(order: Order, row: ChannelRow): Quote;
  /** How a request is recognised when it comes again. @param key the header `Idempotency-Key` */
  keyOf(voucher: SignedVoucher, body: string, key: string | undefined): RequestKey;
  /**
   * Accepts a voucher and covers the channel's jobs with it. Resolves when it is durable. Equal to the last one: no
   * news, and no error. @throws CodedError those of `VoucherIntake.admit`
   */
  accept(row: ChannelRow, voucher: SignedVoucher): Promise<void>;
  /**
   * Accepts a voucher and holds money for the job of each choice: the prompt fee and a chunk at least (rule M5), for
   * all of them or for none. Resolves when that is durable. @throws CodedError as `accept`, and `voucher_insufficient`, `model_not_sold`
   */
  start(row: ChannelRow, voucher: SignedVoucher, order: Order, key: RequestKey): Promise<ChannelPayment[]>;
}

export function createPaymentDesk(parts: DeskParts): PaymentDesk {
  const { clock, doubts, emit, intake, isBlind, ledger, random, running, terms } = parts;
  const { state } = ledger;
  /** What each channel's running jobs were last asked for. */
  const asked = new Map<ChannelPayment, bigint>();

  function priceOf(model: string): Price {
    const price = terms.prices.get(model);
    if (!price) throw new CodedError('model_not_sold', 'This relay has no price for this model.', { model });
    return price;
  }

  /** Of each job. */
  function termsOf({ choices, model, parts: tokens, promptTokens }: Order): JobTerms[] {
    const price = priceOf(model);
    if (tokens) return tokens.map((count) => pinTerms({ ...price, out: '0' }, count, terms.feeBps));
    return Array.from({ length: choices }, () => pinTerms(price, promptTokens, terms.feeBps));
  }

  /** What all its jobs cost with so many output tokens each. */
  const costOf = (order: Order, tokens: number): bigint =>
    termsOf(order).reduce((sum, jobTerms) => sum + fullCost(jobTerms, tokens), 0n);

  function quote(order: Order): Quote {
    const { choices, maxTokens, model, parts: tokens, promptTokens } = order;
    const price = priceOf(model);
    return {
      amount: ceilToBase(costOf(order, maxTokens), state.unit),
      price: tokens ? { ...price, out: '0' } : price,
      promptTokens,
      choices,
    };
  }

  /** Pico without which nothing of it starts. */
  function leastOf(order: Order): bigint {
    return costOf(order, Math.min(CHUNK_TOKENS, order.maxTokens));
  }

  function raised({ channel }: ChannelRow, cumulative: bigint): void {
    emit({ type: 'voucherAccepted', at: clock.now(), channel, cumulative });
  }

  function voucherOperation({ channelId, cumulativeAmount, signature }: SignedVoucher, bodyHash?: Hex) {
    const id = `voucher/${randomId(random)}`;
    const fields = { id, channel: channelId, cumulative: cumulativeAmount, signature } as const;
    return { type: 'voucher', ...fields, ...(bodyHash === undefined ? {} : { bodyHash }) } as const;
  }

  function paymentOf(channel: Hex, job: Hex, jobTerms: JobTerms, maxTokens: number, covered: number) {
    const payment = new ChannelPayment({
      ledger,
      now: () => clock.now(),
      job,
      channel,
      terms: jobTerms,
      maxTokens,
      covered,
      mayCover: () => !isBlind() && !doubts.has(channel),
      isOver: () => isOver(channel),
      paid: (provider, { accrued, charged, fee }) =>
        emit({ type: 'accrued', at: clock.now(), job, channel, provider, charged, accrued, fee }),
      ended(over) {
        running.remove(over);
        asked.delete(over);
        void running.spread(channel).catch(() => {});
      },
      needs: askForMore,
    });
    running.add(payment);
    return payment;
  }

  function isOver(channel: Hex): boolean {
    const row = state.channels.get(channel);
    return !row || isEnding(row);
  }

  /** Tells the agent once for each amount what its next voucher must reach. */
  function askForMore(payment: ChannelPayment): void {
    const row = state.channels.get(payment.channel);
    if (!row || isBlind() || doubts.has(row.channel) || isOver(row.channel)) return;
    const required = requiredVoucher(state, row, payment.terms.out * BigInt(payment.uncovered));
    if (required * state.unit <= row.accepted || asked.get(payment) === required) return;
    asked.set(payment, required);
    payment.notify('payment-need-voucher', {
      channelId: row.channel,
      requiredCumulative: String(required),
      acceptedCumulative: String(row.accepted / state.unit),
      deposit: String(row.deposit / state.unit),
    });
  }

  return {
    quote,
    quoteFor(order, row) {
      return { ...quote(order), firstVoucher: requiredVoucher(state, row, leastOf(order)) };
    },
    keyOf({ channelId, cumulativeAmount }, body, key) {
      const bodyHash = toHex(sha256(utf8(body)));
      return key === undefined
        ? { name: `${channelId}/${cumulativeAmount}`, isExplicit: false, bodyHash }
        : { name: `${channelId}/key/${key}`, isExplicit: true, bodyHash };
    },
    async accept(row, voucher) {
      intake.admit(row, voucher);
      if (voucher.cumulativeAmount * state.unit === row.accepted) return;
      const [result] = await ledger.commit([voucherOperation(voucher)]);
      if (!result.ok) throw refusalError(result);
      if (!result.raised) return;
      raised(row, result.accepted);
      await running.spread(row.channel);
    },
    async start(row, voucher, order, key) {
      const { channel } = row;
      const { maxTokens } = order;
      const allTerms = termsOf(order);
      intake.admit(row, voucher);
      checkFresh(row, voucher, key);
      // Several share what there is: each gets its first chunk before one gets a second.
      const cover = order.choices > 1 ? Math.min(maxTokens, CHUNK_TOKENS) : firstCover(maxTokens);
      const reserves = allTerms.map((jobTerms) => {
        const job = toHex(random.bytes(16));
        const reserve = { id: `${job}/reserve`, channel, job, terms: jobTerms, maxTokens, cover };
        return { type: 'reserve', ...reserve } as const;
      });
      const [accepted, ...results] = await ledger.commit([
        voucherOperation(voucher, key.bodyHash),
        ...reserves,
      ]);
      if (accepted.ok && accepted.raised) raised(row, accepted.accepted);
      const refusal = accepted.ok ? results.find((result) => !result.ok) : accepted;
      if (refusal && !refusal.ok) {
        // Somebody was faster with a higher voucher, or it does not do for every choice: nothing was bought.
        const held = reserves.filter((_, at) => results[at]?.ok);
        const releases = held.map(({ job }) => ({ type: 'release', id: `${job}/release`, job }) as const);
        if (releases.length > 0) await ledger.commit(releases);
        if (reserves.length === 1 || refusal.code !== 'voucher_insufficient') throw refusalError(refusal);
        throw refused('voucher_insufficient', { required: requiredVoucher(state, row, leastOf(order)) });
      }
      const payments = reserves.map(({ job, terms: jobTerms }, at) => {
        const result = results[at];
        return paymentOf(channel, job, jobTerms, maxTokens, result?.ok ? result.covered : 0);
      });
      await running.spread(channel);
      return payments;
    },
  };

  /** Without a key of its own, a request is named by its voucher: the same one can't buy another answer. */
  function checkFresh(row: ChannelRow, { cumulativeAmount }: SignedVoucher, key: RequestKey): void {
    const isUsed = cumulativeAmount * state.unit === row.accepted && row.bodyHash !== null;
    if (!key.isExplicit && isUsed && row.bodyHash !== key.bodyHash) throw refused('voucher_stale');
  }
}
