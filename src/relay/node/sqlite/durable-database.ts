import { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../core/errors.ts';

/** Value of `PRAGMA synchronous` at which a commit survives a power cut. */
const FULL = 2;

/**
 * Opens an SQLite file in which what is committed is on the disk.
 * @throws CodedError `store_not_durable` where the file system or a build of SQLite refuses what durability needs
 */
export function openDurableDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA busy_timeout = 5000;
    PRAGMA cache_size = -65536;
  `);
  assertPragma(database, 'journal_mode', 'wal');
  assertPragma(database, 'synchronous', FULL);
  return database;
}

/** Runs `write` in one transaction: all of it is durable when this returns. @throws what `write` or SQLite throws: nothing is kept then */
export function transact(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    write();
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function assertPragma(database: DatabaseSync, name: string, expected: string | number): void {
  const row = database.prepare(`PRAGMA ${name}`).get() as Record<string, unknown>;
  if (row[name] === expected) return;
  const message = `The store can't be made durable: ${name} is ${String(row[name])}.`;
  throw new CodedError('store_not_durable', message, { name });
}
