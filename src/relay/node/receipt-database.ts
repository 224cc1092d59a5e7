import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../core/errors.ts';
import type { ReceiptRange } from '../receipts/receipt-store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS receipts (
    job TEXT PRIMARY KEY,
    ended_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS receipts_by_time ON receipts (ended_at DESC, job DESC);
`;

/** Value of `PRAGMA synchronous` at which a commit survives a power cut. */
const FULL = 2;

/** A receipt as it lies in the table: `body` is its JSON. */
export interface ReceiptRow {
  readonly job: string;
  readonly endedAt: number;
  readonly body: string;
}

/** The receipts' table, for the one connection that the store's worker has. Synchronous. */
export interface ReceiptDatabase {
  /** All or none, durable when it returns. @throws what SQLite says: nothing was kept then */
  putAll(rows: readonly ReceiptRow[]): void;
  get(job: string): string | undefined;
  list(range: ReceiptRange): string[];
  close(): void;
}

/** @throws CodedError `store_not_durable` where the file system or a build of SQLite refuses what durability needs */
export function openReceiptDatabase(file: string): ReceiptDatabase {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000;');
  assertPragma(database, 'journal_mode', 'wal');
  assertPragma(database, 'synchronous', FULL);
  database.exec(SCHEMA);
  const insert = database.prepare('INSERT OR IGNORE INTO receipts (job, ended_at, body) VALUES (?, ?, ?)');
  const select = database.prepare('SELECT body FROM receipts WHERE job = ?');
  const page = database.prepare(
    'SELECT body FROM receipts WHERE ended_at < ? ORDER BY ended_at DESC, job DESC LIMIT ?',
  );
  const bodyOf = (row: unknown): string => (row as { body: string }).body;
  return {
    putAll(rows) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const { job, endedAt, body } of rows) insert.run(job, endedAt, body);
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    get(job) {
      const row = select.get(job);
      return row && bodyOf(row);
    },
    list: ({ limit, before = Number.MAX_SAFE_INTEGER }) => page.all(before, limit).map(bodyOf),
    close: () => database.close(),
  };
}

function assertPragma(database: DatabaseSync, name: string, expected: string | number): void {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>;
  if (row[name] === expected) return;
  const message = `The receipt store can't be made durable: ${name} is ${String(row[name])}.`;
  throw new CodedError('store_not_durable', message, { name });
}
