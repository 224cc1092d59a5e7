import { type Audience, createAudience } from '../jobs/audience.ts';
import type { Job, JobOrder, JobSink } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { PaidAnswer } from '../openai/answer.ts';
import type { ApiRequest } from '../openai/api-request.ts';
import type { ChannelPayment } from './channel-payment.ts';
import { paymentReceiptHeader } from './channel-status.ts';
import type { Payload } from './credential.ts';
import type { PayerOf } from './payer.ts';
import type { PaymentDesk } from './payment-desk.ts';
import type { PaidJob, Repeats, RequestKey } from './repeats.ts';

/** What a paid request asks for. */
export interface PaidOrder {
  readonly body: string;
  readonly order: Omit<JobOrder, 'agent' | 'only' | 'payment'>;
  /** Answers that are wanted: each is a job and paid as one (rule A7). */
  readonly choices: number;
}

/** The jobs of a request that somebody pays for, or paid for before, and asks for again. */
export interface PaidRun {
  /** Whom fairness counts it for. */
  readonly agent: string;
  /** One for each choice. */
  readonly jobs: readonly Job[];
  readonly answering: PaidAnswer;
  /** From here on, and from the beginning. */
  join(sinks: readonly JobSink[]): void;
  /** Where nobody is left, its jobs are cancelled, and charged as far as they came. */
  leave(sinks: readonly JobSink[]): void;
}

export interface PaidRunsParts {
  readonly desk: PaymentDesk;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly payerOf: PayerOf;
  readonly repeats: Repeats<readonly PaidJob[]>;
}

/** Requests that bring a payment: each starts its job, or joins the one that it started before. */
export interface PaidRuns {
  /** @throws CodedError those of `PayerOf`, `PaymentDesk.start`, `Repeats.find`, `Jobs.open` */
  findOrStart(payload: Payload, request: ApiRequest, order: PaidOrder): Promise<PaidRun>;
}

export function createPaidRuns({ desk, jobs, ledger, payerOf, repeats }: PaidRunsParts): PaidRuns {
  const { state } = ledger;

  async function findOrStart(
    payload: Payload,
    request: ApiRequest,
    { body, choices, order }: PaidOrder,
  ): Promise<PaidRun> {
    const { row, voucher } = await payerOf(payload, request.ip);
    const key = desk.keyOf(voucher, body, request.header('idempotency-key'));
    const agent = `payer:${row.payer}`;
    const earlier = repeats.find(key);
    if (earlier) {
      if (voucher.cumulativeAmount * state.unit > row.accepted) await desk.accept(row, voucher);
      return runOf(agent, await earlier, () => repeats.forget(key));
    }
    const { maxTokens, model, prompt } = order;
    const wanted = { model: model.id, promptTokens: prompt.length, maxTokens, choices };
    const starting = desk
      .start(row, voucher, wanted, key)
      .then((payments) => open(payments, agent, order, key));
    repeats.add(key, starting);
    return runOf(agent, await starting, () => repeats.forget(key));
  }

  /** All of them or none. */
  async function open(
    payments: readonly ChannelPayment[],
    agent: string,
    order: PaidOrder['order'],
    key: RequestKey,
  ): Promise<PaidJob[]> {
    let left = payments.length;
    const ended = (isWhole: boolean): void => {
      if (!isWhole) repeats.forget(key);
      else if (--left === 0) repeats.keep(key);
    };
    const audiences = payments.map((payment) => {
      const audience = createAudience(ended);
      payment.notify = (name, data) => audience.notice?.(name, data);
      return audience;
    });
    try {
      const orders = payments.map((payment, choice) => ({
        ...order,
        id: payment.job,
        agent,
        payment,
        choice,
      }));
      const opened = jobs.openAll(orders, audiences);
      return opened.map((job, choice) => ({
        job,
        audience: audiences[choice] as Audience,
        payment: payments[choice] as ChannelPayment,
      }));
    } catch (error) {
      await Promise.all(payments.map((payment) => payment.abandon()));
      throw error;
    }
  }

  function runOf(agent: string, choices: readonly PaidJob[], forget: () => void): PaidRun {
    const paymentOf = (choice: number): ChannelPayment => (choices[choice] as PaidJob).payment;
    const row = (): ChannelRow => state.channels.get(paymentOf(0).channel) as ChannelRow;
    return {
      agent,
      jobs: choices.map(({ job }) => job),
      join: (sinks) => choices.forEach(({ audience }, choice) => audience.join(sinks[choice] as JobSink)),
      leave(sinks) {
        for (const [choice, { audience, job }] of choices.entries()) {
          if (!audience.leave(sinks[choice] as JobSink) || audience.ended) continue;
          forget();
          jobs.cancel(job);
        }
      },
      answering: {
        headers: () => paymentReceiptHeader(state, row()),
        receipt: (choice, receipt) => ({
          channelId: paymentOf(choice).channel,
          choice,
          acceptedCumulative: String(row().accepted / state.unit),
          spent: String(row().spent),
          charged: String(paymentOf(choice).charged),
          receipt,
        }),
      },
    };
  }

  return { findOrStart };
}
