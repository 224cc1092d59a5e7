import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import { DEFAULT_CONFIRMATIONS, patienceFor } from '../../protocol/money/patience.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { releasesOf } from '../ledger/job-operations.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ApiReply, ApiRequest } from '../openai/api-request.ts';
import type { EmbeddingsOrder } from '../openai/embeddings-order.ts';
import type { Route } from '../openai/route.ts';
import { createChallenges, type Quote } from './challenge.ts';
import type { ChainPort, ChannelFunds } from './chain-port.ts';
import { createChainWatch } from './chain-watch.ts';
import { createChannelActions } from './channel-actions.ts';
import { createChannelClosing } from './channel-closing.ts';
import { createChannelOpening } from './channel-opening.ts';
import { createChannelReader } from './channel-reader.ts';
import { channelStatus, paymentReceiptHeader } from './channel-status.ts';
import { type Credential, type Payload, readCredential, voucherOf } from './credential.ts';
import { createOwnDeposits } from './own-deposits.ts';
import { createPaidEmbeddings, embeddingsOrder, type PaidEmbeddings } from './paid-embeddings.ts';
import { createPaidRuns, type PaidOrder, type PaidRun } from './paid-runs.ts';
import { createDepositChecks } from './deposit-checks.ts';
import { createDepositDoubts } from './deposit-doubts.ts';
import { createPayerOf } from './payer.ts';
import { createPaymentDesk, type Order } from './payment-desk.ts';
import type { PaymentListener } from './payment-events.ts';
import { createPaymentRoutes } from './payment-routes.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { refused } from './refusal.ts';
import { createRepeats } from './repeats.ts';
import { createRunningPayments } from './running-payments.ts';
import { createSponsoredDeposits } from './sponsored-deposits.ts';
import { createSponsorship } from './sponsorship.ts';
import { createVoucherIntake } from './voucher-intake.ts';

/** What an operator may set. Times in ms. */
export interface PaymentLimits {
  /** The chain is looked at this often. */
  readonly watchMs: number;
  /** Age of the newest block at which nothing more is accepted: at most half the grace period. */
  readonly blindMs: number;
  /** How long a transaction may take to be confirmed. */
  readonly patienceMs: number;
  /** Transactions that the relay pays for, for one agent and day. */
  readonly sponsoredPerDay: number;
}

export const DEFAULT_PAYMENT_LIMITS: PaymentLimits = {
  watchMs: 2_000,
  blindMs: 30 * 60_000,
  patienceMs: patienceFor(DEFAULT_CONFIRMATIONS),
  sponsoredPerDay: 50,
};

/**
 * Of the grace period a relay may be blind to a request to close: the rest is there to draw what it served meanwhile.
 */
const BLIND_PART = 1 / 2;

/** Answers of vectors that may be asked for again: a large one has some megabytes. */
const KEPT_EMBEDDINGS = 32;

/** All that a relay needs to be paid. */
export interface PaymentSetup {
  readonly terms: PaymentTerms;
  readonly ledger: Ledger;
  readonly chain: ChainPort;
  /** `challengeKey` of the relay's key. */
  readonly secret: Uint8Array;
  readonly limits?: Partial<PaymentLimits>;
  /** Test chains only: base units that the faucet gives. */
  readonly faucet?: bigint;
}

export interface PaymentsParts extends PaymentSetup {
  readonly clock: Clock;
  readonly random: Random;
  readonly recover: Recover;
  readonly jobs: Jobs;
  readonly emit: PaymentListener;
}

/** The agents' side of money: challenges, channels, vouchers, and the jobs that they pay for. */
export interface Payments {
  readonly terms: PaymentTerms;
  readonly routes: readonly Route[];
  /** @throws CodedError `voucher_malformed`, `challenge_invalid`, `challenge_expired` */
  credentialOf(request: ApiRequest): Credential | undefined;
  /** Who shows this credential. @throws CodedError as `VoucherIntake.authenticate` */
  agentOf(credential: Credential): string;
  /** A request without a body: a voucher for streams that run, an opening, a top-up, a close; else a challenge. */
  manage(credential: Credential | undefined, request: ApiRequest, reply: ApiReply): Promise<void>;
  /** A request with a body. @throws CodedError with the challenge that it did not meet, and those of `Jobs.open` */
  run(credential: Credential | undefined, request: ApiRequest, order: PaidOrder): Promise<PaidRun>;
  /** The same for vectors (rule V5). @throws CodedError as `run` */
  embed(
    credential: Credential | undefined,
    request: ApiRequest,
    body: string,
    order: EmbeddingsOrder,
  ): Promise<PaidEmbeddings>;
  /** Frees what jobs of an earlier process held, begins to watch the chain, and goes on with closes that were taken. */
  start(): Promise<void>;
  stop(): void;
}

export function createPayments(parts: PaymentsParts): Payments {
  const { chain, clock, emit, jobs, ledger, random, recover, secret, terms } = parts;
  const limits = { ...DEFAULT_PAYMENT_LIMITS, ...parts.limits };
  const graceMs = terms.closeGraceSeconds * 1_000;
  const { state } = ledger;
  const running = createRunningPayments(ledger);
  const reader = createChannelReader(
    { chain, clock, random, ledger, terms, saw: takeFunds, ended: stopService },
    limits.patienceMs,
  );
  const doubts = createDepositDoubts({ clock, emit, state, dispelled: spread });
  const { confirmations } = terms;
  const watch = createChainWatch({
    chain,
    clock,
    emit,
    ledger,
    reader,
    confirmations,
    everyMs: limits.watchMs,
    rereadMs: graceMs / 6,
    blindMs: Math.min(limits.blindMs, graceMs * BLIND_PART),
    sighted: spreadAll,
  });
  const isBlind = (): boolean => watch.isBlind();
  const intake = createVoucherIntake({ ledger, recover, terms, isBlind, doubts });
  const challenges = createChallenges(secret, terms, state.unit, clock);
  const desk = createPaymentDesk({
    clock,
    doubts,
    emit,
    intake,
    isBlind,
    ledger,
    random,
    running,
    terms,
  });
  const known = (channel: Hex): ChannelRow | undefined => state.channels.get(channel);
  const sponsorship = createSponsorship(clock, limits.sponsoredPerDay);
  const checks = createDepositChecks({ clock, intake, recover, terms });
  const { patienceMs } = limits;
  const opening = createChannelOpening({
    checks,
    clock,
    emit,
    known,
    own: createOwnDeposits({ chain, checks, clock, reader, patienceMs }),
    reader,
    sponsored: createSponsoredDeposits({ chain, checks, reader, sponsorship, terms }),
    unit: state.unit,
  });
  const closing = createChannelClosing({ chain, clock, emit, intake, ledger, random, reader });
  const act = createChannelActions({ closing, desk, intake, ledger, opening });
  const payerOf = createPayerOf(intake, opening);
  const runs = createPaidRuns({ desk, jobs, ledger, payerOf, repeats: createRepeats(clock) });
  const embed = createPaidEmbeddings({
    desk,
    jobs: jobs.embeddings,
    ledger,
    payerOf,
    repeats: createRepeats(clock, KEPT_EMBEDDINGS),
  });

  /** A close was asked for: what is covered is served, and nothing more. */
  function stopService({ channel, closing: taken }: ChannelRow): void {
    // By the agent's own credential: nothing runs on it.
    if (taken) return;
    emit({ type: 'channelClosing', at: clock.now(), channel });
    for (const payment of running.of(channel)) payment.wake();
  }

  function takeFunds(row: ChannelRow, funds: ChannelFunds): void {
    emit({ type: 'fundsRead', at: clock.now(), channel: row.channel, funds });
    doubts.see(row, funds);
  }

  function spread(channel: Hex): void {
    void running.spread(channel).catch(() => {});
  }

  function spreadAll(): void {
    for (const channel of running.channels) spread(channel);
  }

  /** A refusal with a fresh challenge, and with what the relay knows of the channel. */
  function withChallenge(error: unknown, channel?: Hex, quote?: Quote): unknown {
    if (!(error instanceof CodedError)) return error;
    const { code, data, message } = error;
    const row = channel === undefined ? undefined : known(channel);
    const receipt = row ? { paymentReceipt: paymentReceiptHeader(state, row)['payment-receipt'] } : {};
    return new CodedError(code, message, { ...data, ...receipt, challenge: challenges.issue(quote) }, error);
  }

  function paymentRequired(): CodedError {
    const words =
      'This request has to be paid for: answer the challenge with a payment channel of the EVM method.';
    return new CodedError('payment_required', words);
  }

  /** Runs what a credential pays for; a refusal says what it would cost. */
  async function quoting<T>(
    credential: Credential | undefined,
    wanted: Order,
    run: (payload: Payload) => Promise<T>,
  ): Promise<T> {
    const channel = credential?.payload.channelId;
    try {
      if (!credential) throw paymentRequired();
      return await run(credential.payload);
    } catch (error) {
      if (!terms.prices.has(wanted.model)) throw error;
      const row = channel === undefined ? undefined : known(channel);
      throw withChallenge(error, channel, row ? desk.quoteFor(wanted, row) : desk.quote(wanted));
    }
  }

  return {
    terms,
    routes: createPaymentRoutes({
      chain,
      clock,
      terms,
      unit: state.unit,
      faucet: parts.faucet,
      channel(id) {
        const row = known(id);
        return row && channelStatus(state, row);
      },
      pending: opening.pending,
    }),
    credentialOf(request) {
      try {
        const credential = readCredential(request.header('authorization'));
        if (credential) challenges.check(credential.challenge);
        return credential;
      } catch (error) {
        throw withChallenge(error);
      }
    },
    agentOf({ payload }) {
      const voucher = voucherOf(payload);
      if (!voucher) throw refused('channel_unknown');
      return `payer:${intake.authenticate(voucher).payer}`;
    },
    async manage(credential, request, reply) {
      try {
        if (!credential) throw paymentRequired();
        await act(credential.payload, request, reply);
      } catch (error) {
        throw withChallenge(error, credential?.payload.channelId);
      }
    },
    async run(credential, request, order) {
      const { maxTokens, model, prompt } = order.order;
      const { choices } = order;
      const wanted = { model: model.id, promptTokens: prompt.length, maxTokens, choices };
      return quoting(credential, wanted, (payload) => runs.findOrStart(payload, request, order));
    },
    embed: (credential, request, body, order) =>
      quoting(credential, embeddingsOrder(order), (payload) => embed(payload, request, body, order)),
    async start() {
      const releases = releasesOf(state);
      if (releases.length > 0) await ledger.commit(releases);
      await watch.start();
      closing.resume();
    },
    stop() {
      watch.stop();
      closing.stop();
    },
  };
}
