import type { Hex } from '../../core/bytes.ts';
import type { EmbedJobs } from '../jobs/embed-jobs.ts';
import { type EmbedRun, type NamedOrder, startEmbedRun } from '../jobs/embed-run.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ApiRequest } from '../openai/api-request.ts';
import type { EmbeddingsOrder } from '../openai/embeddings-order.ts';
import type { ChannelPayment } from './channel-payment.ts';
import { paymentReceiptHeader } from './channel-status.ts';
import type { Payload } from './credential.ts';
import type { PayerOf } from './payer.ts';
import type { Order, PaymentDesk } from './payment-desk.ts';
import type { Repeats } from './repeats.ts';

/** A request for vectors that somebody pays for, or paid for before, and asks for again. */
export interface PaidEmbeddings {
  /** Whom fairness counts it for. */
  readonly agent: string;
  readonly run: EmbedRun;
  /** As they stand now. */
  headers(): Record<string, string>;
  /** Where nobody is left, its jobs are cancelled, and charged as far as they came. */
  leave(): void;
}

/** Everybody who waits for one run. */
export interface PaidEmbedRun {
  readonly run: EmbedRun;
  readonly channel: Hex;
  listeners: number;
}

export interface PaidEmbeddingsParts {
  readonly desk: PaymentDesk;
  readonly jobs: EmbedJobs;
  readonly ledger: Ledger;
  readonly payerOf: PayerOf;
  readonly repeats: Repeats<PaidEmbedRun>;
}

/** What it costs: each job its tokens, at the price of prompts, once it brought its vectors (rule V5). */
export function embeddingsOrder({ model, pieces, tokens }: EmbeddingsOrder): Order {
  const parts = pieces.map((inputs) => inputs.reduce((sum, { length }) => sum + length, 0));
  return { model: model.id, promptTokens: tokens, maxTokens: 1, choices: 1, parts };
}

/** Requests for vectors that bring a payment: each starts its run, or joins the one that it started before (rule H4). */
export function createPaidEmbeddings(parts: PaidEmbeddingsParts) {
  const { desk, jobs, ledger, payerOf, repeats } = parts;
  const { state } = ledger;

  async function start(
    payments: readonly ChannelPayment[],
    agent: string,
    { dimensions, model, pieces }: EmbeddingsOrder,
  ): Promise<EmbedRun> {
    const orders = payments.map((payment, at): NamedOrder => ({
      id: payment.job,
      agent,
      model,
      dimensions,
      inputs: pieces[at] as NamedOrder['inputs'],
      payment,
    }));
    const abandon = ({ id }: NamedOrder): void => {
      // What is held is freed by the next start of the relay, if not now.
      void payments
        .find(({ job }) => job === id)
        ?.abandon()
        .catch(() => {});
    };
    try {
      return startEmbedRun(jobs, orders, abandon);
    } catch (error) {
      await Promise.all(payments.map((payment) => payment.abandon()));
      throw error;
    }
  }

  /** @throws CodedError those of `PayerOf`, `PaymentDesk.start`, `Repeats.find`, `EmbedJobs.open` */
  return async function findOrStart(
    payload: Payload,
    request: ApiRequest,
    body: string,
    order: EmbeddingsOrder,
  ): Promise<PaidEmbeddings> {
    const { row, voucher } = await payerOf(payload, request.ip);
    const key = desk.keyOf(voucher, body, request.header('idempotency-key'));
    const agent = `payer:${row.payer}`;
    let found = repeats.find(key);
    if (found) {
      if (voucher.cumulativeAmount * state.unit > row.accepted) await desk.accept(row, voucher);
    } else {
      found = desk
        .start(row, voucher, embeddingsOrder(order), key)
        .then((payments) => start(payments, agent, order))
        .then((run) => ({ run, channel: row.channel, listeners: 0 }));
      repeats.add(key, found);
      void found
        .then(({ run }) => run.vectors)
        .then(
          () => repeats.keep(key),
          () => repeats.forget(key),
        );
    }
    const paid = await found;
    paid.listeners++;
    return {
      agent,
      run: paid.run,
      headers: () => paymentReceiptHeader(state, state.channels.get(paid.channel) as ChannelRow),
      leave() {
        paid.listeners--;
        if (paid.listeners === 0) paid.run.cancel();
      },
    };
  };
}
