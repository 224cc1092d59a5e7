import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkInvariants } from '../../src/relay/ledger/invariants.ts';
import type { Ledger } from '../../src/relay/ledger/ledger.ts';
import { describeChannels } from './ledger/channels.ts';
import { describeJobs } from './ledger/jobs.ts';
import { describePayouts } from './ledger/payouts.ts';
import { describeRepeats } from './ledger/repeats.ts';
import { createScene } from './ledger/scene.ts';
import { describeTraffic } from './ledger/traffic.ts';
import { describeReceiptStore } from './receipt-store.ts';

/**
 * What every ledger does.
 * @param open makes an empty one for `BOOK`
 * @param runs of random traffic, each on a new one
 */
export function describeLedger(name: string, open: () => Promise<Ledger>, runs: number): void {
  describe(`${name}: a ledger`, () => {
    let ledger: Ledger;
    beforeAll(async () => {
      ledger = await open();
    });
    afterAll(() => ledger.close());
    const scene = () => createScene(ledger);
    describeChannels(scene);
    describeJobs(scene);
    describePayouts(scene);
    describeRepeats(scene);
    describeTraffic(open, runs);

    it('takes nothing once it is closed, and keeps what came before', async () => {
      const other = createScene(await open());
      await other.openChannel();
      const last = other.voucher(40n);
      await other.ledger.close();
      expect(await last).toMatchObject({ raised: true });
      await expect(other.voucher(50n)).rejects.toMatchObject({ code: 'store_closed' });
      await other.ledger.close();
    });

    it('M8: the invariants hold over all of this', () => {
      expect(checkInvariants(ledger.state)).toEqual([]);
    });
  });
  describeReceiptStore(`${name} ledger`, async () => (await open()).receipts);
}
