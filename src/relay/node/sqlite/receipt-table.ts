import type { DatabaseSync } from 'node:sqlite';
import type { AnyReceipt } from '../../../protocol/money/embed-job-receipt.ts';
import type { ReceiptRange } from '../../receipts/receipt-store.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS receipts (
    job TEXT PRIMARY KEY,
    ended_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS receipts_by_time ON receipts (ended_at DESC, job DESC);
`;

/**
 * The receipts of jobs, as JSON texts: whoever reads them parses them, so that the worker starts without the schema.
 * Synchronous: for the one connection that the store's worker has.
 */
export interface ReceiptTable {
  /** Within the caller's transaction. A job's first receipt stays. */
  put(receipt: AnyReceipt): void;
  get(job: string): string | undefined;
  list(range: ReceiptRange): string[];
}

export function openReceiptTable(database: DatabaseSync): ReceiptTable {
  database.exec(SCHEMA);
  const insert = database.prepare('INSERT OR IGNORE INTO receipts (job, ended_at, body) VALUES (?, ?, ?)');
  const select = database.prepare('SELECT body FROM receipts WHERE job = ?');
  const page = database.prepare(
    'SELECT body FROM receipts WHERE ended_at < ? ORDER BY ended_at DESC, job DESC LIMIT ?',
  );
  return {
    put: (receipt) => void insert.run(receipt.job, receipt.endedAt, JSON.stringify(receipt)),
    get(job) {
      const row = select.get(job);
      return row && bodyOf(row);
    },
    list: ({ limit, before = Number.MAX_SAFE_INTEGER }) => page.all(before, limit).map(bodyOf),
  };
}

function bodyOf(row: unknown): string {
  return (row as { body: string }).body;
}
