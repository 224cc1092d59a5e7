import { CodedError } from '../../core/errors.ts';
import { createAudience } from '../jobs/audience.ts';
import type { Job, JobOrder, JobSink } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { PaidAnswer } from '../openai/answer.ts';
import type { ApiRequest } from '../openai/api-request.ts';
import type { ChannelOpening } from './channel-opening.ts';
import type { ChannelPayment } from './channel-payment.ts';
import { paymentReceiptHeader } from './channel-status.ts';
import { type Payload, voucherOf } from './credential.ts';
import type { PaymentDesk } from './payment-desk.ts';
import type { PaidJob, Repeats } from './repeats.ts';
import type { VoucherIntake } from './voucher-intake.ts';

/** What a paid request asks for. */
export interface PaidOrder {
  readonly body: string;
  readonly order: Omit<JobOrder, 'agent' | 'only' | 'payment'>;
}

/** A job that somebody pays for, or paid for before, and asks for again. */
export interface PaidRun {
  /** Whom fairness counts it for. */
  readonly agent: string;
  readonly job: Job;
  readonly answering: PaidAnswer;
  /** From here on, and from the beginning. */
  join(sink: JobSink): void;
  /** Nobody left: the job is cancelled, and charged as far as it came. */
  leave(sink: JobSink): void;
}

export interface PaidRunsParts {
  readonly desk: PaymentDesk;
  readonly intake: VoucherIntake;
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly opening: ChannelOpening;
  readonly repeats: Repeats;
}

/** Requests that bring a payment: each starts its job, or joins the one that it started before. */
export interface PaidRuns {
  /** @throws CodedError those of `ChannelOpening.open`, `VoucherIntake`, `PaymentDesk.start`, `Repeats.find`, `Jobs.open` */
  findOrStart(payload: Payload, request: ApiRequest, order: PaidOrder): Promise<PaidRun>;
}

export function createPaidRuns({ desk, intake, jobs, ledger, opening, repeats }: PaidRunsParts): PaidRuns {
  const { state } = ledger;

  /** The channel of a request with a body, and its voucher. */
  async function payerOf(payload: Payload, ip: string) {
    const voucher = voucherOf(payload);
    if (!voucher || payload.action === 'close') {
      throw new CodedError('voucher_malformed', `The action ${payload.action} takes no request body.`);
    }
    const row = payload.action === 'open' ? await opening.open(payload, ip) : intake.authenticate(voucher);
    return { row, voucher };
  }

  async function findOrStart(
    payload: Payload,
    request: ApiRequest,
    { body, order }: PaidOrder,
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
    const wanted = { model: model.id, promptTokens: prompt.length, maxTokens };
    const starting = desk
      .start(row, voucher, wanted, key)
      .then((payment) =>
        open(payment, agent, order, (isWhole) => (isWhole ? repeats.keep(key) : repeats.forget(key))),
      );
    repeats.add(key, starting);
    return runOf(agent, await starting, () => repeats.forget(key));
  }

  async function open(
    payment: ChannelPayment,
    agent: string,
    order: PaidOrder['order'],
    ended: (isWhole: boolean) => void,
  ): Promise<PaidJob> {
    const audience = createAudience(ended);
    payment.notify = (name, data) => audience.notice?.(name, data);
    try {
      return { job: jobs.open({ ...order, id: payment.job, agent, payment }, audience), audience, payment };
    } catch (error) {
      await payment.abandon();
      throw error;
    }
  }

  function runOf(agent: string, { audience, job, payment }: PaidJob, forget: () => void): PaidRun {
    const row = (): ChannelRow => state.channels.get(payment.channel) as ChannelRow;
    return {
      agent,
      job,
      join: (sink) => audience.join(sink),
      leave(sink) {
        if (!audience.leave(sink) || audience.ended) return;
        forget();
        jobs.cancel(job);
      },
      answering: {
        headers: () => paymentReceiptHeader(state, row()),
        receipt: (receipt) => ({
          channelId: payment.channel,
          acceptedCumulative: String(row().accepted / state.unit),
          spent: String(row().spent),
          charged: String(payment.charged),
          receipt,
        }),
      },
    };
  }

  return { findOrStart };
}
