import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { CodedError } from '../../../core/errors.ts';

/** A row as SQLite gives it: integers as bigint. */
export type SqlRow = Readonly<Record<string, bigint | string | null>>;

/** How rows of one kind lie in a table. */
export interface RowShape<Row> {
  readonly table: string;
  readonly key: readonly string[];
  /** All columns, those of the key first. */
  readonly columns: readonly string[];
  /** Those that an update may never lower: it takes no effect then, and that is an error. */
  readonly growing: readonly string[];
  write(row: Row): readonly SQLInputValue[];
  read(row: SqlRow): Row;
}

/** Prepared statements, each atomic on one row; all within the caller's transaction. */
export interface RowTable<Row> {
  /** @throws CodedError `store_diverged` where the row on the disk is ahead of this one */
  put(row: Row): void;
  delete(...key: readonly SQLInputValue[]): void;
  all(): Row[];
}

export function openRowTable<Row>(database: DatabaseSync, shape: RowShape<Row>): RowTable<Row> {
  const { table, key, columns, growing } = shape;
  const values = columns.filter((column) => !key.includes(column));
  const upsert = database.prepare(`
    INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
    ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${values.map((name) => `${name} = excluded.${name}`).join(', ')}
    WHERE ${growing.map((name) => `excluded.${name} >= ${table}.${name}`).join(' AND ')}
  `);
  const remove = database.prepare(
    `DELETE FROM ${table} WHERE ${key.map((name) => `${name} = ?`).join(' AND ')}`,
  );
  const select = database.prepare(`SELECT ${columns.join(', ')} FROM ${table}`);
  select.setReadBigInts(true);
  return {
    put(row) {
      if (upsert.run(...shape.write(row)).changes === 1) return;
      throw new CodedError('store_diverged', `A row of ${table} on the disk is ahead of the ledger.`, {
        table,
      });
    },
    delete: (...of) => void remove.run(...of),
    all: () => (select.all() as SqlRow[]).map((row) => shape.read(row)),
  };
}
