import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashOnce } from '../../bench/ledger/crash-round.ts';
import type { Operation } from '../../src/relay/ledger/operation.ts';
import { emptyState } from '../../src/relay/ledger/record.ts';
import { REMEMBERED } from '../../src/relay/ledger/state.ts';
import { openLedgerDatabase } from '../../src/relay/node/sqlite/ledger-database.ts';
import { openSqliteLedger } from '../../src/relay/node/sqlite-ledger.ts';
import { LedgerTraffic } from '../../src/sim/ledger-traffic.ts';
import { SimRandom } from '../../src/sim/sim-random.ts';
import { BOOK, createScene, type Scene, SIGNATURE, UNIT } from './ledger/scene.ts';
import { SHAPE, snapshot, step } from './ledger/traffic.ts';
import { exampleReceipt } from './receipt-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newFile = (): string => join(folder, `${files++}`, 'ledger.db');

async function openScene(file: string): Promise<Scene> {
  return createScene(await openSqliteLedger(file, BOOK));
}

/** Distinct vouchers of a scene's channel. */
function vouchers({ channel }: Scene, count: number): Operation[] {
  return Array.from({ length: count }, (_, i) => ({
    type: 'voucher',
    id: `${channel}-${i}`,
    channel,
    cumulative: BigInt(i + 1),
    signature: SIGNATURE,
  }));
}

describe('SQLite: restarts', () => {
  it('M8, M10: the ledger goes on where it was, and remembers what it answered', async () => {
    const file = newFile();
    const traffic = new LedgerTraffic(new SimRandom(11), SHAPE, 't');
    const model = emptyState(UNIT);
    let last: Operation[] = [];
    let answers: unknown[] = [];
    for (let round = 0; round < 4; round++) {
      const ledger = await openSqliteLedger(file, BOOK);
      expect(snapshot(ledger.state)).toEqual(snapshot(model));
      expect([...ledger.state.results.keys()]).toEqual([...model.results.keys()]);
      const remembered = last.filter(({ id }) => model.results.has(id));
      const before = snapshot(ledger.state);
      expect(await ledger.commit(remembered)).toEqual(remembered.map(({ id }) => model.results.get(id)));
      expect(snapshot(ledger.state)).toEqual(before);
      last = [];
      answers = [];
      for (let i = 0; i < 300; i++) {
        const op = traffic.next(model);
        last.push(op);
        answers.push(step(model, op));
      }
      expect(await ledger.commit(last)).toEqual(answers);
      await ledger.close();
    }
  });

  it('R4: receipts stay, each once', async () => {
    const file = newFile();
    for (const number of [1, 2]) {
      const ledger = await openSqliteLedger(file, BOOK);
      await ledger.receipts.put(exampleReceipt(number));
      await ledger.receipts.put(exampleReceipt(1));
      expect(await ledger.receipts.list({ limit: 9 })).toHaveLength(number);
      await ledger.close();
    }
  });

  it('M1: amounts beyond what a float can hold come back to the pico', async () => {
    const file = newFile();
    const scene = await openScene(file);
    await scene.openChannel({ deposit: 10n ** 12n });
    await scene.voucher(999_999_999_999n);
    const terms = { out: 9_007_199_254_740_993n, prompt: 1n, promptTokens: 1, feeBps: 1 };
    await scene.reserve({ terms, maxTokens: 33 });
    await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
    const before = snapshot(scene.ledger.state);
    await scene.ledger.close();
    const again = await openSqliteLedger(file, BOOK);
    expect(snapshot(again.state)).toEqual(before);
    expect(again.state.channels.get(scene.channel)?.spent).toBe(32n * terms.out);
    await again.close();
  });

  it('M15: a ledger of a version that knew no closes goes on, and keeps them from then on', async () => {
    const file = newFile();
    const scene = await openScene(file);
    await scene.openChannel();
    await scene.voucher(40n);
    const before = snapshot(scene.ledger.state);
    await scene.ledger.close();
    const old = new DatabaseSync(file);
    for (const column of ['cumulative', 'signature', 'nonce'])
      old.exec(`ALTER TABLE channels DROP COLUMN closing_${column}`);
    old.close();
    const { channel } = scene;
    const again = await openSqliteLedger(file, BOOK);
    expect(snapshot(again.state)).toEqual(before);
    await again.commit([
      { type: 'close', id: 'close', channel, cumulative: 40n, signature: SIGNATURE },
      { type: 'closeSent', id: 'sent', channel, nonce: 3 },
    ]);
    await again.close();
    const last = await openSqliteLedger(file, BOOK);
    expect(last.state.channels.get(channel)?.closing).toEqual({
      cumulative: 40n,
      signature: SIGNATURE,
      nonce: 3,
    });
    await last.close();
  });

  it('a ledger with money is never opened as one of other money', async () => {
    const file = newFile();
    await (await openSqliteLedger(file, { unit: 1n, book: 'none yet' })).close();
    const scene = await openScene(file);
    await scene.openChannel();
    await scene.ledger.close();
    for (const book of [
      { ...BOOK, unit: 1n },
      { ...BOOK, book: 'other' },
    ]) {
      await expect(openSqliteLedger(file, book)).rejects.toMatchObject({ code: 'ledger_of_other_money' });
    }
  });
});

describe('SQLite: durability', () => {
  it('M10: what is acknowledged is committed, in WAL mode, many at once', async () => {
    const file = newFile();
    const scene = await openScene(file);
    await scene.openChannel();
    const commits = vouchers(scene, 500).map((op) => scene.ledger.commit([op]));
    expect((await Promise.all(commits)).flat().every(({ ok }) => ok)).toBe(true);
    // Another connection sees committed rows only.
    const other = new DatabaseSync(file, { readOnly: true });
    expect(other.prepare('SELECT accepted / 1000000 AS accepted FROM channels').get()).toEqual({
      accepted: 500,
    });
    expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    expect(other.prepare('SELECT sequence FROM ledger').get()).toEqual({ sequence: 2 });
    other.close();
    await scene.ledger.close();
  });

  it('refuses to start where commits would not be durable', () => {
    expect(() => openLedgerDatabase(':memory:', BOOK)).toThrowError(
      expect.objectContaining({ code: 'store_not_durable' }),
    );
  });

  it('M10: what fails takes no effect, is never acknowledged, and may be tried again', async () => {
    const file = newFile();
    const scene = await openScene(file);
    await scene.startJob(200n);
    const disk = new DatabaseSync(file);
    disk.exec("CREATE TRIGGER full BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'disk is full'); END");
    const before = snapshot(scene.ledger.state);
    const op = scene.chunk({ chunks: 0, tokens: 0 }, { id: 'again' });
    const failing = [scene.commit(op), scene.voucher(201n), scene.ledger.receipts.put(exampleReceipt(1))];
    for (const commit of failing) {
      await expect(commit).rejects.toMatchObject({
        code: 'store_failed',
        message: expect.stringContaining('disk is full'),
      });
    }
    expect(snapshot(scene.ledger.state)).toEqual(before);
    disk.exec('DROP TRIGGER full');
    disk.close();
    expect(await scene.done(op)).toMatchObject({ charged: 32_250_000n });
    expect(await scene.ledger.receipts.list({ limit: 1 })).toEqual([]);
    const after = snapshot(scene.ledger.state);
    await scene.ledger.close();
    const again = await openSqliteLedger(file, BOOK);
    expect(snapshot(again.state)).toEqual(after);
    await again.close();
  });

  it('says why it can’t open', async () => {
    const file = newFile();
    await (await openSqliteLedger(file, BOOK)).close();
    await expect(openSqliteLedger(join(file, 'x.db'), BOOK)).rejects.toMatchObject({ code: 'store_failed' });
    await expect(openSqliteLedger(folder, BOOK)).rejects.toMatchObject({ code: 'store_failed' });
  });

  it('M10: of two that have one file open, the second to write stops for good', async () => {
    const file = newFile();
    const [first, second] = [await openScene(file), await openScene(file)];
    await first.openChannel();
    await expect(second.openChannel()).rejects.toMatchObject({ code: 'store_diverged' });
    await expect(second.openChannel()).rejects.toMatchObject({ code: 'store_diverged' });
    await first.voucher(9n);
    await first.ledger.close();
    await second.ledger.close();
  });

  it('too much at once is refused before it is taken', async () => {
    const scene = await openScene(newFile());
    const flood = vouchers(scene, 65_537);
    await expect(scene.ledger.commit(flood)).rejects.toMatchObject({ code: 'store_busy' });
    await scene.openChannel();
    await scene.ledger.close();
  });

  it('keeps no more results than it remembers, and a commit’s worth', async () => {
    const file = newFile();
    const scene = await openScene(file);
    await scene.openChannel({ deposit: 1_000_000n });
    const flood = vouchers(scene, 3 * REMEMBERED);
    while (flood.length > 0) await scene.ledger.commit(flood.splice(0, 1_000));
    await scene.ledger.close();
    const disk = new DatabaseSync(file);
    const { rows } = disk.prepare('SELECT count(*) AS rows FROM results').get() as { rows: number };
    expect(rows).toBeLessThanOrEqual(Math.ceil(REMEMBERED / 1_000) + 1);
    disk.close();
  });
});

describe('SQLite: rows', () => {
  const file = newFile();
  beforeAll(async () => {
    const scene = await openScene(file);
    await scene.startJob(200n);
    await scene.done(scene.chunk({ chunks: 0, tokens: 0 }));
    await scene.ledger.close();
  });

  it.each([
    'UPDATE channels SET spent = accepted + credited + 1',
    'UPDATE channels SET settled = accepted + 1',
    'UPDATE channels SET accepted = deposit + 1',
    'UPDATE channels SET reserved = -1',
    'UPDATE channels SET credited = spent + 1',
    "UPDATE channels SET deposit = 'much'",
    'UPDATE channels SET deposit = 1.5',
    'UPDATE jobs SET tokens = covered + 1',
    'UPDATE providers SET vested = earned + 1',
    'UPDATE providers SET paid = vested + 1',
  ])('M8: a row refuses by itself: %s', (sql) => {
    const disk = new DatabaseSync(file);
    expect(() => disk.exec(sql)).toThrowError(/constraint|cannot store/);
    disk.close();
  });
});

describe('SQLite: crashes', () => {
  // Two hundred of them are `npm run bench -- ledger-crash`.
  it(
    'M10: after ten times kill -9, everything acknowledged is there, and nothing twice',
    { timeout: 60_000 },
    async () => {
      const file = newFile();
      let state = emptyState(UNIT);
      let acknowledged = 0;
      for (let seed = 0; seed < 10; seed++) {
        const round = await crashOnce(file, seed, 10 + 12 * seed, state);
        expect(round.problems).toEqual([]);
        acknowledged += round.acknowledged;
        ({ state } = round);
      }
      expect(acknowledged).toBeGreaterThan(500);
    },
  );
});
