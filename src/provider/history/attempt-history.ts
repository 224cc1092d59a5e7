import { Dexie, type Table } from 'dexie';
import type { AttemptRef } from '../../protocol/wire/job.ts';
import { attemptKey, type AttemptStore, type StoredAttempt } from '../attempt-store.ts';
import { askStorage } from './storage-errors.ts';

/** An ended attempt as lists show it. */
export type AttemptRow = Omit<StoredAttempt, 'leaves'> & { readonly key: string };

interface LeavesRow {
  readonly key: string;
  readonly endedAt: number;
  readonly leaves: readonly Uint8Array[];
}

/** What one day brought, by the day's UTC start. */
export interface DayRow {
  readonly day: number;
  readonly jobs: number;
  readonly tokens: number;
}

export interface Totals {
  readonly jobs: number;
  readonly tokens: number;
  readonly today: { readonly jobs: number; readonly tokens: number };
}

/** Rows that are kept: a cache must not fill the owner's disk. At 46 bytes a token the leaves are the larger part. */
export interface HistoryLimits {
  readonly attempts: number;
  readonly leaves: number;
}

const DEFAULT_LIMITS: HistoryLimits = { attempts: 2_000, leaves: 500 };
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Ended attempts in IndexedDB: one row per attempt, leaves apart so that lists stay light, sums per day. A cache: the
 * authority over what was delivered is the signatures in it, and over what is owed the relay's ledger.
 */
export class AttemptHistory implements AttemptStore {
  readonly #db: Dexie;
  readonly #attempts: Table<AttemptRow, string>;
  readonly #leaves: Table<LeavesRow, string>;
  readonly #days: Table<DayRow, number>;
  readonly #limits: HistoryLimits;

  constructor(name: string, limits: HistoryLimits = DEFAULT_LIMITS) {
    this.#db = new Dexie(name);
    this.#db.version(1).stores({ attempts: 'key, endedAt', leaves: 'key, endedAt', days: 'day' });
    this.#attempts = this.#db.table('attempts');
    this.#leaves = this.#db.table('leaves');
    this.#days = this.#db.table('days');
    this.#limits = limits;
  }

  /** @throws CodedError `storage_full`, `storage_failed` */
  async put({ leaves, ...attempt }: StoredAttempt): Promise<void> {
    const key = attemptKey(attempt);
    const day = Math.floor(attempt.endedAt / DAY_MS) * DAY_MS;
    await askStorage(() =>
      this.#db.transaction('rw', this.#attempts, this.#leaves, this.#days, async () => {
        if (await this.#attempts.get(key)) return;
        await this.#attempts.put({ ...attempt, key });
        await this.#leaves.put({ key, endedAt: attempt.endedAt, leaves });
        const { jobs, tokens } = (await this.#days.get(day)) ?? { jobs: 0, tokens: 0 };
        const { count, embedding, receipt } = attempt;
        const [ended, worked] = [receipt || embedding ? 1 : 0, count + (embedding?.tokens ?? 0)];
        await this.#days.put({ day, jobs: jobs + ended, tokens: tokens + worked });
        await trim(this.#attempts, this.#limits.attempts);
        await trim(this.#leaves, this.#limits.leaves);
      }),
    );
  }

  async leaves(ref: AttemptRef): Promise<readonly Uint8Array[] | undefined> {
    return (await askStorage(() => this.#leaves.get(attemptKey(ref))))?.leaves;
  }

  /** The newest attempts that ended before a time, newest first. */
  list(limit: number, before = Number.POSITIVE_INFINITY): Promise<AttemptRow[]> {
    return askStorage(() => this.#attempts.where('endedAt').below(before).reverse().limit(limit).toArray());
  }

  async totals(now: number): Promise<Totals> {
    const days = await askStorage(() => this.#days.toArray());
    const today = days.find(({ day }) => day === Math.floor(now / DAY_MS) * DAY_MS) ?? { jobs: 0, tokens: 0 };
    return {
      jobs: days.reduce((sum, { jobs }) => sum + jobs, 0),
      tokens: days.reduce((sum, { tokens }) => sum + tokens, 0),
      today: { jobs: today.jobs, tokens: today.tokens },
    };
  }

  close(): void {
    this.#db.close();
  }
}

async function trim(table: Table, limit: number): Promise<void> {
  const surplus = (await table.count()) - limit;
  if (surplus > 0) await table.bulkDelete(await table.orderBy('endedAt').limit(surplus).primaryKeys());
}
