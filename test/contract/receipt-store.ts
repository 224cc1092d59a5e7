import { describe, expect, it } from 'vitest';
import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import type { JobReceipt } from '../../src/protocol/money/receipt.ts';
import type { ReceiptStore } from '../../src/relay/receipts/receipt-store.ts';

/** A receipt that differs by its number in job and end. */
export function exampleReceipt(number: number, endedAt = 1000 + number): JobReceipt {
  const hash = `0x${'ab'.repeat(32)}` as const;
  return {
    job: `0x${number.toString(16).padStart(32, '0')}`,
    relay: `0x${'01'.repeat(20)}`,
    modelId: 'example-fp32',
    model: { manifest: hash, variant: 'fp32' },
    promptHash: hash,
    promptTokens: 3,
    outputHash: hash,
    outputTokens: 2,
    finish: 'stop',
    spec: plainSpec(0.5),
    seed: '0x0000000000000005',
    choice: 0,
    nonce: hash,
    attempts: [
      {
        lease: 0,
        provider: `0x${'02'.repeat(20)}`,
        first: 0,
        count: 2,
        unsigned: 2,
        chunks: [],
        receipt: null,
        ended: 'socket_closed',
      },
    ],
    startedAt: 1000,
    endedAt,
  };
}

/** What every receipt store does. @param open makes an empty one */
export function describeReceiptStore(name: string, open: () => Promise<ReceiptStore>): void {
  describe(`${name}: a receipt store`, () => {
    it('gives back what was put, and nothing else', async () => {
      const store = await open();
      const receipt = exampleReceipt(1);
      await store.put(receipt);
      expect(await store.get(receipt.job)).toEqual(receipt);
      expect(await store.get(exampleReceipt(2).job)).toBeUndefined();
      await store.close();
    });

    it('keeps the first receipt of a job', async () => {
      const store = await open();
      const receipt = exampleReceipt(1);
      await store.put(receipt);
      await store.put({ ...receipt, finish: null, endedAt: 9 });
      expect(await store.get(receipt.job)).toEqual(receipt);
      expect(await store.list({ limit: 9 })).toHaveLength(1);
      await store.close();
    });

    it('is not changed through what it took or gave', async () => {
      const store = await open();
      const receipt = exampleReceipt(1);
      await store.put(receipt);
      receipt.attempts.pop();
      (await store.get(receipt.job))?.attempts.pop();
      expect((await store.get(receipt.job))?.attempts).toHaveLength(1);
      await store.close();
    });

    it('lists by time, the newest first, and page by page', async () => {
      const store = await open();
      await Promise.all([3, 1, 5, 2, 4].map((number) => store.put(exampleReceipt(number))));
      const ends = async (range: { limit: number; before?: number }) =>
        (await store.list(range)).map(({ endedAt }) => endedAt);
      expect(await ends({ limit: 2 })).toEqual([1005, 1004]);
      expect(await ends({ limit: 2, before: 1004 })).toEqual([1003, 1002]);
      expect(await ends({ limit: 9, before: 1001 })).toEqual([]);
      await store.close();
    });

    it('takes many at once', async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 300 }, (_, number) => store.put(exampleReceipt(number))));
      expect(await store.list({ limit: 1000 })).toHaveLength(300);
      await store.close();
    });

    it('refuses everything once it is closed', async () => {
      const store = await open();
      const last = store.put(exampleReceipt(1));
      await store.close();
      await last;
      for (const refused of [
        store.put(exampleReceipt(2)),
        store.get(exampleReceipt(1).job),
        store.list({ limit: 1 }),
      ]) {
        await expect(refused).rejects.toMatchObject({ code: 'store_closed' });
      }
      await store.close();
    });
  });
}
