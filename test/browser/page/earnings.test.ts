import { afterEach, describe, expect, it, vi } from 'vitest';
import { page } from 'vitest/browser';
import { CodedError } from '../../../src/core/errors.ts';
import type { StoredVoucher } from '../../../src/provider/income/payout-store.ts';
import { button, closePage, connected, expectSound, open, saved } from './open-page.ts';
import { INCOME, StandInDesk } from './stand-in-desk.ts';

afterEach(closePage);

describe('the page of a relay that pays', () => {
  it('M11 shows the money on its way, and asks for a payout', async () => {
    const desk = new StandInDesk();
    desk.paid = [
      {
        ...INCOME.terms,
        payee: `0x${'01'.repeat(20)}`,
        paid: '5',
        amount: '128000000',
        transaction: null,
        at: 1,
      },
    ];
    await open(desk);
    desk.show({ name: 'serving' }, { ...connected, income: INCOME });
    const earnings = page.getByRole('region', { name: 'Earned with this relay' });
    await expect.element(earnings).toMatchTextContent(/\$0\.000128/);
    await expect.element(earnings).toMatchTextContent(/Vests when its batch closes/);
    await button('Pay me now').click();
    expect(desk.asked).toEqual(['payout']);
    desk.show({ name: 'serving' }, { ...connected, income: { ...INCOME, payout: { name: 'pending' } } });
    await expect.element(button('Paying…')).toBeDisabled();
    await page.getByText(/^Payouts/).click();
    await expect.element(earnings).toMatchTextContent(/while this tab was away/);
  });

  it('M11 keeps showing the money after a stop, and what there was before a start', async () => {
    const desk = new StandInDesk();
    const hub = { chainId: 1, hub: INCOME.terms.hub, payee: INCOME.terms.hub };
    desk.held = [{ ...hub, signed: '350000000000', paid: '310000000000' }];
    await open(desk);
    const words = 'This wallet was paid $0.31. Vouchers in this browser are worth another $0.04.';
    await expect.element(page.getByText(words)).toBeVisible();
    desk.show({ name: 'serving' }, { ...connected, income: INCOME });
    await expect.element(button('Pay me now')).toBeEnabled();
    desk.stopped();
    await expect.element(page.getByText('$0.310000')).toBeVisible();
    await expect.element(button('Pay me now')).toBeDisabled();
  });

  it('M12 saves what relays signed as a file that others can redeem', async () => {
    const desk = new StandInDesk();
    await open(desk);
    await expect.element(button('Save vouchers')).not.toBeInTheDocument();
    desk.show({ name: 'serving' }, { ...connected, income: INCOME });
    const { chainId, hub, token, owner, signer, unit } = INCOME.terms;
    const voucher: StoredVoucher = {
      chainId,
      hub,
      token,
      owner,
      signer,
      unit,
      payee: `0x${'01'.repeat(20)}`,
      cumulative: '350612',
      signature: `0x${'1b'.repeat(65)}`,
      keptAt: 1,
    };
    desk.signed = [voucher];
    await expect.element(button('Save vouchers')).toHaveAccessibleDescription(/Save a new one now and then/);
    const [name, text] = await downloaded(() => button('Save vouchers').click());
    expect(name).toMatch(/^afterglow-vouchers-[0-9a-f]{8}\.json$/);
    expect(JSON.parse(text)).toEqual([voucher]);
    desk.signed = new CodedError('storage_failed', 'The browser could not read its storage.');
    await button('Save vouchers').click();
    await expect.element(button('Save vouchers')).toHaveAccessibleDescription(/could not read its storage/);
    for (const width of [390, 1280]) {
      await page.viewport(width, 900);
      await expectSound(width);
    }
  });

  it('M13 lets the owner set what the relay may owe, also while lending', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show({ name: 'serving' }, { ...connected, income: INCOME });
    await button(/Settings/).click();
    const limit = page.getByLabelText(/may owe you/);
    await expect.element(limit).toHaveValue('0.25');
    await limit.fill('much');
    await expect.element(limit).toHaveAttribute('aria-invalid', 'true');
    await limit.fill('1.5');
    await button('Save').click();
    expect(saved.at(-1)).toMatchObject({ creditLimit: '1500000000000' });
    expect(desk.asked).toEqual(['trust 1500000000000']);
  });

  it('kills its worker in a demo only', async () => {
    const desk = new StandInDesk();
    await open(desk, { demo: true });
    desk.show({ name: 'serving' }, connected);
    await button('Kill this tab').click();
    expect(desk.asked).toEqual(['kill']);
    await open(desk);
    await expect.element(button('Kill this tab')).not.toBeInTheDocument();
  });
});

/** The file that the page hands to the browser while `act` runs: its name and text. */
async function downloaded(act: () => Promise<void>): Promise<[name: string, text: string]> {
  const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
  try {
    await act();
    await expect.poll(() => click.mock.instances.length).toBe(1);
    const { download, href } = click.mock.instances[0] as HTMLAnchorElement;
    return [download, await (await fetch(href)).text()];
  } finally {
    click.mockRestore();
  }
}
