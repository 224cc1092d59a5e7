import { createMemoryReceiptStore } from '../../src/relay/receipts/memory-receipt-store.ts';
import { describeReceiptStore } from './receipt-store.ts';

// Those of the ledgers, which keep receipts too, are in ledger.test.ts.
describeReceiptStore('memory', async () => createMemoryReceiptStore());
