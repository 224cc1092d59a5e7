import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, it } from 'vitest';
import { createMemoryReceiptStore } from '../../src/relay/receipts/memory-receipt-store.ts';
import { openReceiptDatabase } from '../../src/relay/node/receipt-database.ts';
import { openSqliteReceiptStore } from '../../src/relay/node/sqlite-receipt-store.ts';
import { describeReceiptStore, exampleReceipt } from './receipt-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'receipts-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}`, 'receipts.db');

describeReceiptStore('memory', async () => createMemoryReceiptStore());
describeReceiptStore('SQLite', () => openSqliteReceiptStore(newFile()));

it('SQLite keeps receipts across openings', async () => {
  const file = newFile();
  for (const number of [1, 2]) {
    const store = await openSqliteReceiptStore(file);
    await store.put(exampleReceipt(number));
    expect(await store.list({ limit: 9 })).toHaveLength(number);
    await store.close();
  }
});

it('SQLite commits so that a power cut loses nothing that was acknowledged', async () => {
  const file = newFile();
  const store = await openSqliteReceiptStore(file);
  await store.put(exampleReceipt(1));
  // Another connection sees committed rows only, and the journal that the first one chose.
  const other = new DatabaseSync(file, { readOnly: true });
  expect(other.prepare('SELECT count(*) AS rows FROM receipts').get()).toEqual({ rows: 1 });
  expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  other.close();
  await store.close();
});

it('SQLite refuses to start where commits would not be durable', () => {
  expect(() => openReceiptDatabase(':memory:')).toThrowError(
    expect.objectContaining({ code: 'store_not_durable' }),
  );
});

it('SQLite that can’t open says why, and what fails is never acknowledged', async () => {
  const file = newFile();
  const store = await openSqliteReceiptStore(file);
  const below = openSqliteReceiptStore(join(file, 'receipts.db'));
  await expect(below).rejects.toMatchObject({ code: 'store_failed' });
  await expect(openSqliteReceiptStore(folder)).rejects.toMatchObject({ code: 'store_failed' });
  const other = new DatabaseSync(file);
  other.exec("CREATE TRIGGER full BEFORE INSERT ON receipts BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
  await expect(store.put(exampleReceipt(1))).rejects.toMatchObject({
    code: 'store_failed',
    message: expect.stringContaining('disk is full'),
  });
  other.exec('DROP TRIGGER full');
  await store.put(exampleReceipt(1));
  expect(await store.list({ limit: 9 })).toHaveLength(1);
  other.close();
  await store.close();
});
