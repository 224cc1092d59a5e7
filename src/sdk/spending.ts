import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { CHUNK_TOKENS } from '../protocol/constants.ts';
import { ceilToBase, fullCost, type JobTerms, promptFee } from '../protocol/money/price.ts';

/** How far ahead of its own count an agent pays: the chunk that runs, and the next. */
export const AHEAD_TOKENS = 2 * CHUNK_TOKENS;

/** A job as the agent counts it. */
export interface SpendingJob {
  /** The relay's name for it, once that is known. */
  id: Hex | undefined;
  readonly terms: JobTerms;
  /** Output tokens that it may give at most. */
  readonly maxTokens: number;
  /** Output ids that arrived. */
  counted: number;
  /** Output tokens that vouchers may pay for. */
  covered: number;
}

/**
 * What an agent owes on one channel, by its own count and nobody else's: pure arithmetic in pico, one counter for all
 * streams of the channel. The most that can be lost is each stream's prompt fee and two chunks (rule M5).
 */
export interface Spending {
  /** Cost of all ended jobs. */
  readonly settled: bigint;
  readonly jobs: ReadonlySet<SpendingJob>;
  /** Commitments of ended jobs whose cost is not known yet, and their names. */
  readonly unclear: ReadonlyMap<object, UnclearJob>;
  /** Base units that the highest voucher must reach now: everything settled, and what each job is covered for. */
  due(): bigint;
  /**
   * What an honest relay can ask for at most: where a job moved, its chunks begin elsewhere than this side's count has
   * them, so one chunk more than is ever signed.
   */
  askable(): bigint;
  /**
   * Commits to a job's prompt fee and first chunks.
   * @throws CodedError `budget_exhausted` where not even its first chunk can be paid
   */
  start(terms: JobTerms, maxTokens: number): SpendingJob;
  /** Output tokens that could be paid for each of so many equal jobs beside those that run. */
  affordable(terms: JobTerms, jobs: number): number;
  /** Pico that a job is covered for. */
  commitment(job: SpendingJob): bigint;
  /** Covers a job as far as it may be covered by now. @returns false where the limit does not let it */
  stretch(job: SpendingJob): boolean;
  /** Counts ids that arrived, and covers more where less than a chunk is left. @returns whether more is due */
  advance(job: SpendingJob, ids: number): boolean;
  /** A job ended and cost this much. @throws CodedError `overcommitted` for more than was covered */
  settle(job: SpendingJob | UnclearJob, cost: bigint): void;
  /** A job ended and nobody said what it cost: up to its commitment. */
  leaveUnclear(job: SpendingJob): UnclearJob;
  /** The sum of all ended jobs, unclear ones included, turned out to be this. */
  settleAll(settled: bigint): void;
  /** Raised by refunds. */
  credit(credited: bigint): void;
  /** @throws CodedError `overcommitted`: the one assertion that stands before each signature */
  assertJustified(cumulative: bigint): void;
}

export interface UnclearJob {
  readonly id: Hex | undefined;
  /** Pico. */
  readonly commitment: bigint;
  readonly terms?: JobTerms;
  readonly covered?: number;
}

export interface SpendingOptions {
  /** Pico per base unit. */
  readonly unit: bigint;
  /** Base units that vouchers may reach at most. */
  readonly limit: () => bigint;
  readonly settled?: bigint;
  readonly unclear?: readonly UnclearJob[];
}

export function createSpending({ unit, limit, ...before }: SpendingOptions): Spending {
  const jobs = new Set<SpendingJob>();
  const unclear = new Map<object, UnclearJob>((before.unclear ?? []).map((job) => [job, job]));
  let settled = before.settled ?? 0n;
  let credited = 0n;

  function committed(tokensOf = (job: SpendingJob): number => job.covered): bigint {
    let sum = settled - credited;
    for (const { commitment } of unclear.values()) sum += commitment;
    for (const job of jobs) sum += fullCost(job.terms, tokensOf(job));
    return sum;
  }

  function due(pico = committed()): bigint {
    return pico > 0n ? ceilToBase(pico, unit) : 0n;
  }

  /** Tokens that the limit leaves for a job whose commitment without tokens is already in `others`. */
  function tokensWithin(terms: JobTerms, others: bigint): number {
    const left = limit() * unit - others;
    if (left < 0n) return 0;
    return terms.out === 0n ? Number.MAX_SAFE_INTEGER : Number(left / terms.out);
  }

  function cover(job: SpendingJob): boolean {
    const { terms, covered } = job;
    const others = committed() - terms.out * BigInt(covered);
    job.covered = Math.max(covered, Math.min(aheadOf(job), tokensWithin(terms, others)));
    return job.covered > covered;
  }

  return {
    jobs,
    unclear,
    get settled() {
      return settled;
    },
    due: () => due(),
    askable: () => due(committed((job) => Math.min(aheadOf(job) + CHUNK_TOKENS, job.maxTokens))),
    affordable(terms, count) {
      const tokens = tokensWithin(terms, committed() + promptFee(terms) * BigInt(count));
      return Math.floor(tokens / count);
    },
    start(terms, maxTokens) {
      const job: SpendingJob = { id: undefined, terms, maxTokens, counted: 0, covered: 0 };
      jobs.add(job);
      cover(job);
      if (job.covered >= Math.min(CHUNK_TOKENS, maxTokens)) return job;
      jobs.delete(job);
      throw new CodedError('budget_exhausted', 'What is left of the budget does not pay for this request.', {
        budget: limit().toString(),
        due: due().toString(),
        needed: ceilToBase(fullCost(terms, Math.min(CHUNK_TOKENS, maxTokens)), unit).toString(),
      });
    },
    commitment: ({ terms, covered }) => fullCost(terms, covered),
    stretch(job) {
      cover(job);
      return job.covered >= aheadOf(job);
    },
    advance(job, ids) {
      job.counted += ids;
      return job.covered - job.counted <= CHUNK_TOKENS && cover(job);
    },
    settle(job, cost) {
      const commitment = 'counted' in job ? fullCost(job.terms, job.covered) : job.commitment;
      if (cost > commitment) throw overcommitted({ cost, commitment });
      if ('counted' in job ? jobs.delete(job) : unclear.delete(job)) settled += cost;
    },
    leaveUnclear(job) {
      const { id, terms, covered } = job;
      const left = { id, terms, covered, commitment: fullCost(terms, covered) };
      if (jobs.delete(job)) unclear.set(left, left);
      return left;
    },
    settleAll(sum) {
      settled = sum;
      unclear.clear();
    },
    credit(sum) {
      if (sum > credited) credited = sum;
    },
    assertJustified(cumulative) {
      for (const job of jobs) {
        if (job.covered > aheadOf(job))
          throw overcommitted({ covered: BigInt(job.covered), counted: BigInt(job.counted) });
      }
      const justified = due();
      if (cumulative > justified) throw overcommitted({ cumulative, justified });
      if (cumulative > limit()) throw overcommitted({ cumulative, limit: limit() });
    },
  };
}

/** The furthest that a job may be covered: the chunk that runs and the next, up to its last token. */
function aheadOf({ maxTokens, counted }: SpendingJob): number {
  return Math.max(counted, Math.min(counted + AHEAD_TOKENS, maxTokens));
}

function overcommitted(amounts: Record<string, bigint>): CodedError {
  const data = Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, value.toString()]));
  return new CodedError('overcommitted', 'A signature would go beyond what was counted.', data);
}
