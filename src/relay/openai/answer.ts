import type { JobReceipt } from '../../protocol/money/receipt.ts';
import type { Job, JobSink } from '../jobs/job.ts';

/** An answer in the making: the sinks of its jobs, and what `POST /v1/chat/completions` needs to begin and to end it. */
export interface Answer {
  /** One for each choice. */
  readonly sinks: readonly JobSink[];
  /** The jobs were taken, one for each choice: what came before is written now. */
  begin(jobs: readonly Job[]): void;
  /** Resolves when nothing more is written: a code for the log, or how it finished. */
  readonly ended: Promise<string>;
}

/** What an answer that is paid for adds. */
export interface PaidAnswer {
  /** As it stands when the answer begins. */
  headers(): Record<string, string>;
  /** The last word on a choice's money: data of the event `payment-receipt`. */
  receipt(choice: number, job: JobReceipt): unknown;
}

/** Headers that every answer has: the receipts of its jobs will be at `/v1/receipts/<job>` (rule A7). */
export function answerHeaders(jobs: readonly Job[]): Record<string, string> {
  return jobHeaders(jobs.map(({ id }) => id));
}

export function jobHeaders(ids: readonly string[]): Record<string, string> {
  return {
    'x-afterglow-job': ids[0] as string,
    ...(ids.length > 1 ? { 'x-afterglow-jobs': ids.join(',') } : {}),
  };
}
