import type { Hex } from '../../core/bytes.ts';
import {
  ceilToBase,
  floorToBase,
  fullCost,
  type JobProgress,
  jobTotal,
  MAX_AMOUNT,
} from '../../protocol/money/price.ts';
import type { ChannelRow, JobRow, LedgerState, ProviderRow } from './state.ts';

/** Amounts that follow from rows, in pico unless they are called base units. */

/** It pays for nothing more: closed, or on its way there, whoever began it. */
export function isEnding({ closeRequestedAt, closing, finalized }: ChannelRow): boolean {
  return finalized || closing !== null || closeRequestedAt !== 0;
}

/** Neither spent nor held: what a new job may use (rule M5). */
export function availableOf(row: ChannelRow): bigint {
  return row.accepted + row.credited - row.carried - row.spent - row.reserved;
}

/** Base units that a voucher must reach so that `more` pico become available. */
export function requiredVoucher({ unit }: LedgerState, row: ChannelRow, more: bigint): bigint {
  return ceilToBase(row.accepted - availableOf(row) + more, unit);
}

/**
 * Base units that the agent signs when it closes the channel: what it used, less what was credited. The relay settles
 * with that voucher. Never below what was settled already.
 */
export function closingVoucher({ unit }: LedgerState, row: ChannelRow): bigint {
  const due = row.carried + row.spent - row.credited;
  return ceilToBase(due > row.settled ? due : row.settled, unit);
}

/** What a running job cost by now. */
export function jobSpent(job: JobRow): bigint {
  return jobTotal(job.terms, progressOf(job));
}

/** What is held for a running job: the unearned prompt fee, and the covered tokens that did not come yet (rule M5). */
export function jobReserved(job: JobRow): bigint {
  return fullCost(job.terms, job.covered) - jobSpent(job);
}

export function progressOf({ chunks, tokens }: JobRow): JobProgress {
  return { chunks, tokens, finished: false };
}

/** A provider's work that has not vested: its open batch and those in holdback. */
export function unvestedOf({ earned, vested, forfeited }: ProviderRow): bigint {
  return earned - vested - forfeited;
}

/** Base units that a payout voucher may state (rule M7). */
export function payableOf({ unit }: LedgerState, { vested, carried }: ProviderRow): bigint {
  return floorToBase(vested + carried, unit);
}

/** An amount of the chain, as far as a row can hold it. */
export function clampedPico({ unit }: LedgerState, base: bigint): bigint {
  const pico = base * unit;
  return pico < MAX_AMOUNT ? pico : MAX_AMOUNT;
}

export function batchKey(provider: Hex, number: number): string {
  return `${provider}/${number}`;
}

export function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
