import { CodedError } from '../../core/errors.ts';
import type { Price } from '../wire/job.ts';

/**
 * What a job costs, and who gets what of it: integers only, the same function for agent, relay and provider, so that
 * none has to believe another. Amounts are pico (10^-12 of a whole coin) as bigint, unless they are called base units
 * (the token's own smallest). Rules M1 to M4 and M9.
 */

/** Greatest amount of one row, in pico: a million whole coins. */
export const MAX_AMOUNT = 10n ** 18n;

/** The prompt fee is earned in this many parts, one with each of the first chunks. */
export const PROMPT_PARTS = 8;

const PICO_DECIMALS = 12;
const ALL_BPS = 10_000n;

/** All that a job's amounts depend on, pinned when it is assigned (rule M2). */
export interface JobTerms {
  /** Pico per output token. */
  readonly out: bigint;
  /** Pico per prompt token. */
  readonly prompt: bigint;
  readonly promptTokens: number;
  /** The relay's part of each amount, in hundredths of a percent: 0 to 10,000. */
  readonly feeBps: number;
}

/** How far a job was paid, over all its attempts: an assignment's `before` is this at the attempt's start. */
export interface Progress {
  /** Accepted signed chunks. */
  readonly chunks: number;
  /** Output tokens that are paid: those of the chunks, and those counted as the unsigned tail of a lost attempt. */
  readonly tokens: number;
}

/** `finished`: the answer is whole, so the prompt fee is earned to its end. */
export interface JobProgress extends Progress {
  readonly finished: boolean;
}

/** Where each job starts. */
export const NO_PROGRESS: Progress = { chunks: 0, tokens: 0 };

/** @param price as it stands on the wire, in decimal strings */
export function pinTerms(price: Price, promptTokens: number, feeBps: number): JobTerms {
  return { out: BigInt(price.out), prompt: BigInt(price.prompt), promptTokens, feeBps };
}

/** Paid once per job, however often it moves. */
export function promptFee({ prompt, promptTokens }: JobTerms): bigint {
  return prompt * BigInt(promptTokens);
}

/** The most that a job with this many output tokens can cost: what is held of a channel for it (rule M5). */
export function fullCost(terms: JobTerms, tokens: number): bigint {
  return promptFee(terms) + terms.out * BigInt(tokens);
}

/** What the agent owes for a job by now (rule M3). */
export function jobTotal(terms: JobTerms, { chunks, tokens, finished }: JobProgress): bigint {
  const fee = promptFee(terms);
  const parts = BigInt(Math.min(chunks, PROMPT_PARTS));
  const earned = finished ? fee : (fee * parts) / BigInt(PROMPT_PARTS);
  return earned + terms.out * BigInt(tokens);
}

/** The providers' share of a job's total; the relay's fee is the rest (rule M4). */
export function shareOf(total: bigint, feeBps: number): bigint {
  return (total * (ALL_BPS - BigInt(feeBps))) / ALL_BPS;
}

/** The providers' share of a job by now, over all its attempts. */
export function jobShare(terms: JobTerms, progress: JobProgress): bigint {
  return shareOf(jobTotal(terms, progress), terms.feeBps);
}

/**
 * What one attempt has earned by now: the `total` of its chunks and of its receipt (rule M4).
 * @param before the job's progress when the attempt began
 */
export function attemptTotal(terms: JobTerms, before: Progress, now: JobProgress): bigint {
  return jobShare(terms, now) - jobShare(terms, { ...before, finished: false });
}

/**
 * Pico per base unit of a token (rule M1).
 * @throws CodedError `decimals_unsupported`: a base unit would be less than a pico
 */
export function unitOf(decimals: number): bigint {
  if (!Number.isInteger(decimals) || decimals < 0 || decimals > PICO_DECIMALS) {
    const message = `A token must have 0 to ${PICO_DECIMALS} decimals.`;
    throw new CodedError('decimals_unsupported', message, { decimals });
  }
  return 10n ** BigInt(PICO_DECIMALS - decimals);
}

/** Base units that cover an amount: what an agent signs (rule M9). */
export function ceilToBase(pico: bigint, unit: bigint): bigint {
  return (pico + unit - 1n) / unit;
}

/** Base units that an amount covers: what a provider is paid. What is left, less than a unit, waits for more. */
export function floorToBase(pico: bigint, unit: bigint): bigint {
  return pico / unit;
}
