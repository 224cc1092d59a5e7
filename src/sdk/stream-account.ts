import { CodedError } from '../core/errors.ts';
import { jobTotal } from '../protocol/money/price.ts';
import type { Channel } from './channel.ts';
import type { NeedVoucher, PaymentEnd } from './payment-messages.ts';
import type { SpendingJob, UnclearJob } from './spending.ts';
import type { VoucherSender } from './voucher-sender.ts';

/** The money of one stream: pays on as ids arrive, and settles when it ends. */
export interface StreamAccount {
  /** The prompt's ids came: fewer than the relay counted are paid as what they are. */
  prompt(count: number): void;
  tokens(count: number): void;
  /** The relay waits for a voucher. @throws CodedError `relay_overcharges` for one that nothing justifies */
  need(need: NeedVoucher): void;
  /** The answer is whole. @returns pico, by this side's count */
  settle(end: PaymentEnd | undefined): bigint;
  /** It broke off: its receipt, or the channel, will say what it cost. */
  leave(): UnclearJob | undefined;
}

export function createStreamAccount(
  channel: Channel,
  sender: VoucherSender,
  job: SpendingJob,
): StreamAccount {
  const { spending, parts } = channel;
  let terms = job.terms;
  let isOver = false;
  let hasTold = false;

  function problem(code: string, message: string, data: Record<string, unknown>): void {
    const error = new CodedError(code, message, data);
    parts.events.emit({ type: 'problem', error, ...(job.id ? { job: job.id } : {}) });
  }

  return {
    prompt(promptTokens) {
      if (promptTokens === terms.promptTokens) return;
      problem('prompt_count', 'The relay counted other prompt tokens than it sent.', {
        asked: terms.promptTokens,
        sent: promptTokens,
      });
      if (promptTokens < terms.promptTokens) terms = { ...terms, promptTokens };
    },
    tokens(count) {
      if (!isOver && spending.advance(job, count)) sender.raise();
    },
    need({ requiredCumulative }) {
      if (isOver) return;
      const data = { asked: requiredCumulative.toString(), counted: spending.due().toString() };
      if (requiredCumulative > spending.askable() && requiredCumulative > (channel.record?.signed ?? 0n)) {
        const message = 'The relay asks for more than this client has counted.';
        throw new CodedError('relay_overcharges', message, data);
      }
      const isCovered = spending.stretch(job);
      sender.raise();
      if (isCovered || hasTold) return;
      hasTold = true;
      problem('budget_exhausted', 'The budget is spent: the stream ends where it was paid for.', data);
    },
    settle(end) {
      isOver = true;
      const counted = jobTotal(terms, { chunks: 0, tokens: job.counted, finished: true });
      const charged = end?.charged ?? counted;
      if (charged > counted) {
        problem('overcharged', 'The relay charged more than what arrived.', {
          charged: charged.toString(),
          counted: counted.toString(),
        });
      }
      const most = spending.commitment(job);
      const cost = [charged, counted, most].reduce((least, item) => (item < least ? item : least));
      spending.settle(job, cost);
      return cost;
    },
    leave() {
      if (isOver) return undefined;
      isOver = true;
      return spending.leaveUnclear(job);
    },
  };
}
