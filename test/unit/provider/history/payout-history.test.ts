import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { PayoutHistory } from '../../../../src/provider/history/payout-history.ts';
import type { PaymentRow } from '../../../../src/provider/income/payout-store.ts';
import { ACCOUNT, signVoucher, TERMS } from '../income/paying-relay.ts';

const ref = { chainId: TERMS.chainId, hub: TERMS.hub, payee: ACCOUNT };
const { token, owner, signer, unit } = TERMS;
const stored = (cumulative: number) => ({
  ...signVoucher(cumulative),
  token,
  owner,
  signer,
  unit,
  keptAt: 1,
});
const payment = (paid: string, at: number): PaymentRow => ({
  ...ref,
  paid,
  amount: '1',
  transaction: null,
  at,
});
let names = 0;
const open = (name = `payouts-${names++}`): PayoutHistory => new PayoutHistory(name);

describe('M12 what a tab keeps of its money', () => {
  it('is the highest voucher of each hub, also for the next tab', async () => {
    const first = open('kept');
    await first.keep(stored(5));
    await first.keep(stored(9));
    await first.keep(stored(7));
    await first.keep({ ...stored(3), chainId: 1 });
    first.close();
    const second = open('kept');
    expect(await second.voucher(ref)).toMatchObject({ cumulative: '9', signature: signVoucher(9).signature });
    expect(await second.voucher({ ...ref, chainId: 1 })).toMatchObject({ cumulative: '3' });
    expect(await second.voucher({ ...ref, payee: `0x${'00'.repeat(20)}` })).toBeUndefined();
    const all = await second.vouchers(ACCOUNT);
    expect(all.toSorted((a, b) => a.chainId - b.chainId)).toEqual([{ ...stored(3), chainId: 1 }, stored(9)]);
  });

  it('is each payment once, newest first', async () => {
    const history = open();
    await history.note(payment('20', 2));
    await history.note(payment('100', 3));
    await history.note(payment('20', 2));
    await history.note({ ...payment('7', 9), payee: `0x${'00'.repeat(20)}` });
    expect((await history.list(ACCOUNT, 10)).map(({ paid }) => paid)).toEqual(['100', '20']);
    expect(await history.list(ACCOUNT, 1)).toHaveLength(1);
    expect(await history.paid(ref)).toBe(100n);
    await history.keep(stored(9));
    expect(await history.holdings(ACCOUNT)).toEqual([{ ...ref, signed: '9000000', paid: '100' }]);
  });
});
