import type { DatabaseSync } from 'node:sqlite';
import type { OperationType } from '../../ledger/operation.ts';
import type { Done } from '../../ledger/result.ts';
import { REMEMBERED } from '../../ledger/state.ts';

export type ResultEntry = readonly [id: string, result: Done<OperationType>];

/** The results of the latest operations, one row for each commit: what the same id is answered with after a restart. */
export interface ResultLog {
  /** Within the caller's transaction. `sequence` is above all before it. */
  append(sequence: number, entries: readonly ResultEntry[]): void;
  /** The oldest first; a few more than `REMEMBERED`. */
  load(): ResultEntry[];
}

export function openResultLog(database: DatabaseSync): ResultLog {
  const insert = database.prepare('INSERT INTO results (sequence, entries) VALUES (?, ?)');
  const remove = database.prepare('DELETE FROM results WHERE sequence <= ?');
  const select = database.prepare('SELECT sequence, entries FROM results ORDER BY sequence');
  /** What lies in the table, the oldest first. */
  let rows: { sequence: number; entries: number }[] = [];
  let total = 0;

  function prune(): void {
    let gone = 0;
    while (total - (rows[gone]?.entries ?? 0) >= REMEMBERED) total -= rows[gone++]?.entries ?? 0;
    const last = rows[gone - 1];
    if (!last) return;
    remove.run(last.sequence);
    rows = rows.slice(gone);
  }

  return {
    append(sequence, entries) {
      insert.run(sequence, JSON.stringify(entries, writeAmount));
      rows.push({ sequence, entries: entries.length });
      total += entries.length;
      prune();
    },
    load() {
      const found = select.all().map((row) => ({
        sequence: Number(row['sequence']),
        entries: JSON.parse(String(row['entries']), readAmount) as ResultEntry[],
      }));
      rows = found.map(({ sequence, entries }) => ({ sequence, entries: entries.length }));
      total = rows.reduce((sum, { entries }) => sum + entries, 0);
      return found.flatMap(({ entries }) => entries);
    },
  };
}

/** JSON has no bigint: an amount is written as `"12n"`. */
function writeAmount(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function readAmount(_: string, value: unknown): unknown {
  return typeof value === 'string' && /^-?\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value;
}
