import { jobTotal, type JobTerms } from '../protocol/money/price.ts';
import type { JobReceipt } from '../protocol/money/receipt.ts';
import { verifyReceipt } from '../protocol/money/verify-receipt.ts';
import type { Hex } from '../core/bytes.ts';

/** What an agent knows of a job by itself. */
export interface OwnAccount {
  readonly job: Hex | undefined;
  readonly relay: Hex | undefined;
  readonly modelId: string;
  readonly choice: number;
  readonly promptIds: readonly number[];
  readonly outputIds: readonly number[];
  /** The answer came to its end. */
  readonly isWhole: boolean;
}

/** Holds a receipt against what arrived. @returns codes of what does not fit; empty for one that does */
export function checkReceipt(receipt: JobReceipt, own: OwnAccount): string[] {
  const { promptIds, outputIds } = own;
  const evidence = own.isWhole ? { promptIds, outputIds } : { promptIds };
  const problems = verifyReceipt(receipt, promptIds.length > 0 ? evidence : {}).map(({ code }) => code);
  if (own.job !== undefined && receipt.job !== own.job) problems.push('other_job');
  if (own.relay !== undefined && receipt.relay !== own.relay) problems.push('other_relay');
  if (receipt.modelId !== own.modelId) problems.push('other_model');
  if (receipt.choice !== own.choice) problems.push('other_choice');
  if (!own.isWhole && receipt.outputTokens < outputIds.length) problems.push('output_count');
  return [...new Set(problems)];
}

/**
 * What a job that broke off may have cost, by its receipt: the relay may have taken more ids than arrived here, but
 * none beyond what was paid ahead. @returns pico; undefined for more tokens than were covered
 */
export function costOf(receipt: JobReceipt, terms: JobTerms, covered: number): bigint | undefined {
  const tokens = receipt.outputTokens;
  if (tokens > covered) return undefined;
  const chunks = receipt.attempts.reduce((sum, attempt) => sum + attempt.chunks.length, 0);
  return jobTotal(terms, { chunks, tokens, finished: receipt.finish !== null });
}
