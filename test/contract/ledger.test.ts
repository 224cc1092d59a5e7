import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createMemoryLedger } from '../../src/relay/ledger/memory-ledger.ts';
import { openSqliteLedger } from '../../src/relay/node/sqlite-ledger.ts';
import { describeLedger } from './ledger-suite.ts';
import { BOOK } from './ledger/scene.ts';

const folder = mkdtempSync(join(tmpdir(), 'ledger-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

describeLedger('memory', async () => createMemoryLedger(BOOK), 25);
describeLedger('SQLite', () => openSqliteLedger(join(folder, `${files++}`, 'ledger.db'), BOOK), 5);
