import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { button, closePage, connected, open, saved } from './open-page.ts';
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
