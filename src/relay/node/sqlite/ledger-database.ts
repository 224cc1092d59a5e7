import type { DatabaseSync } from 'node:sqlite';
import { CodedError } from '../../../core/errors.ts';
import { apply } from '../../ledger/apply.ts';
import { batchKey } from '../../ledger/amounts.ts';
import type { Operation } from '../../ledger/operation.ts';
import { emptyState, memoryOf, type MutableState, record, remember } from '../../ledger/record.ts';
import type { LedgerState } from '../../ledger/state.ts';
import { openDurableDatabase, transact } from './durable-database.ts';
import type { LedgerBook } from './ledger-book.ts';
import { emptyHarvest, gather, type Harvest, isEmpty } from './harvest.ts';
import { batchShape, channelShape, jobShape, providerShape } from './ledger-rows.ts';
import { LATER_COLUMNS, LEDGER_SCHEMA } from './ledger-schema.ts';
import { openReceiptTable, type ReceiptTable } from './receipt-table.ts';
import { openResultLog } from './result-log.ts';
import { openRowTable } from './row-table.ts';

/** The ledger's file, synchronous: for the one connection that the store's worker has. */
export interface LedgerDatabase {
  /** What is on the disk. */
  readonly state: LedgerState;
  readonly receipts: Pick<ReceiptTable, 'get' | 'list'>;
  /**
   * Applies operations in order and returns once what they changed is on the disk; one transaction for all.
   * @throws what SQLite says: none of them took effect. CodedError `store_diverged` where somebody else wrote the file;
   *   nothing can be trusted then.
   */
  commit(operations: readonly Operation[]): void;
  close(): void;
}

/** @throws CodedError `store_not_durable`, `ledger_of_other_money` */
export function openLedgerDatabase(file: string, book: LedgerBook): LedgerDatabase {
  const database = openDurableDatabase(file);
  database.exec(LEDGER_SCHEMA);
  transact(database, () => addLaterColumns(database));
  const tables = {
    channels: openRowTable(database, channelShape),
    jobs: openRowTable(database, jobShape),
    providers: openRowTable(database, providerShape),
    batches: openRowTable(database, batchShape),
    results: openResultLog(database),
    receipts: openReceiptTable(database),
  };
  transact(database, () => pinBook(database, book));
  const advance = database.prepare('UPDATE ledger SET sequence = sequence + 1 WHERE sequence = ?');
  let sequence = sequenceOf(database);
  let state = load();

  function load(): MutableState {
    const loaded = emptyState(book.unit);
    for (const row of tables.channels.all()) loaded.channels.set(row.channel, row);
    for (const row of tables.jobs.all()) loaded.jobs.set(row.job, row);
    for (const row of tables.providers.all()) loaded.providers.set(row.provider, row);
    for (const row of tables.batches.all()) loaded.batches.set(batchKey(row.provider, row.number), row);
    for (const [id, result] of tables.results.load()) remember(loaded, id, result);
    return loaded;
  }

  /** The rows that operations leave behind; the state in memory runs ahead of the disk until they are written. */
  function harvest(operations: readonly Operation[]): Harvest {
    const rows = emptyHarvest();
    for (const op of operations) {
      const applied = apply(state, op);
      record(state, op, applied);
      if (applied.changes) gather(rows, applied.changes);
      const memory = memoryOf(op, applied);
      if (memory) rows.results.push([op.id, memory]);
    }
    return rows;
  }

  function write({ channels, jobs, providers, batches, results, receipts }: Harvest): void {
    for (const row of channels.values()) tables.channels.put(row);
    for (const [job, row] of jobs) {
      if (row) tables.jobs.put(row);
      else tables.jobs.delete(job);
    }
    for (const row of providers.values()) tables.providers.put(row);
    for (const { row, decided } of batches.values()) {
      if (decided) tables.batches.delete(row.provider, row.number);
      else tables.batches.put(row);
    }
    for (const receipt of receipts) tables.receipts.put(receipt);
    if (results.length > 0) tables.results.append(sequence + 1, results);
    if (advance.run(sequence).changes !== 1) throw diverged();
  }

  /** Back to what is on the disk. A commit that failed may still have reached it, or somebody else's did. */
  function recover(): void {
    if (sequenceOf(database) !== sequence) throw diverged();
    state = load();
  }

  return {
    get state() {
      return state;
    },
    receipts: tables.receipts,
    commit(operations) {
      try {
        const rows = harvest(operations);
        if (isEmpty(rows)) return;
        transact(database, () => write(rows));
        sequence++;
      } catch (error) {
        recover();
        throw error;
      }
    },
    close: () => database.close(),
  };
}

/** A ledger of an earlier version goes on: what it lacks is added, and empty. */
function addLaterColumns(database: DatabaseSync): void {
  for (const [table, columns] of Object.entries(LATER_COLUMNS)) {
    const known = new Set(
      database
        .prepare(`PRAGMA table_info(${table})`)
        .all()
        .map(({ name }) => name),
    );
    for (const column of columns) {
      const [name = ''] = column.split(' ');
      if (!known.has(name)) database.exec(`ALTER TABLE ${table} ADD COLUMN ${column}`);
    }
  }
}

/** A book is pinned with its first money; before that it may still change. */
function pinBook(database: DatabaseSync, { unit, book }: LedgerBook): void {
  const select = database.prepare('SELECT unit, book FROM ledger');
  select.setReadBigInts(true);
  const known = select.get();
  if (known?.['unit'] === unit && known['book'] === book) return;
  const { money } = database
    .prepare('SELECT (SELECT count(*) FROM channels) + (SELECT count(*) FROM providers) AS money')
    .get() as { money: number };
  if (money > 0) {
    const message = `This ledger counts other money: ${String(known?.['book'])}. Choose another data folder.`;
    throw new CodedError('ledger_of_other_money', message, { book: String(known?.['book']) });
  }
  database
    .prepare(
      'INSERT INTO ledger VALUES (1, ?, ?, 0) ON CONFLICT (id) DO UPDATE SET unit = excluded.unit, book = excluded.book',
    )
    .run(unit, book);
}

function sequenceOf(database: DatabaseSync): number {
  return (database.prepare('SELECT sequence FROM ledger').get() as { sequence: number }).sequence;
}

function diverged(): CodedError {
  return new CodedError('store_diverged', 'Another process wrote to this ledger: only one may have it open.');
}
