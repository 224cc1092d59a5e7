import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { Job, JobSink } from '../jobs/job.ts';

/** An answer in the making: a sink of its job, and what `POST /v1/chat/completions` needs to begin and to end it. */
export interface Answer {
  readonly sink: JobSink;
  /** The job was taken: what came before is written now. */
  begin(job: Job): void;
  /** Resolves when nothing more is written: a code for the log, or how it finished. */
  readonly ended: Promise<string>;
}

/** What an answer that is paid for adds. */
export interface PaidAnswer {
  /** As it stands when the answer begins. */
  headers(): Record<string, string>;
  /** The stream's last word on money: data of the event `payment-receipt`. */
  receipt(job: JobReceipt): unknown;
}

/** Headers that every answer of a job has: its receipt will be at `/v1/receipts/<job>`. */
export function answerHeaders(job: Job): Record<string, string> {
  return { 'x-afterglow-job': job.id };
}
