import { DatabaseSync } from 'node:sqlite';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { type JobReceipt, jobReceiptSchema } from '../../protocol/money/receipt.ts';
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

/** The receipts' table, for the one connection that the store's worker has. Synchronous. */
export interface ReceiptDatabase {
  /** All or none, durable when it returns. @throws what SQLite says: nothing was kept then */
  putAll(receipts: readonly JobReceipt[]): void;
  get(job: Hex): JobReceipt | undefined;
  list(range: ReceiptRange): JobReceipt[];
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
  const read = (row: unknown): JobReceipt =>
    jobReceiptSchema.parse(JSON.parse((row as { body: string }).body));
  return {
    putAll(receipts) {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const receipt of receipts) insert.run(receipt.job, receipt.endedAt, JSON.stringify(receipt));
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    get(job) {
      const row = select.get(job);
      return row && read(row);
    },
    list: ({ limit, before = Number.MAX_SAFE_INTEGER }) => page.all(before, limit).map(read),
    close: () => database.close(),
  };
}

function assertPragma(database: DatabaseSync, name: string, expected: string | number): void {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>;
  if (row[name] === expected) return;
  throw new CodedError(
    'store_not_durable',
    `The receipt store can't be made durable: ${name} is ${String(row[name])}.`,
    { name },
  );
}
