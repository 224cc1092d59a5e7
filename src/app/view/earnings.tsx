import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { describeAccrued, describeHoldings, describePaid, describeVested } from '../words/income-words.ts';
import { describeLiveAmount } from '../words/money.ts';
import { PayoutButton } from './payout-button.tsx';
import { Payments } from './payments.tsx';
import { SaveVouchers } from './save-vouchers.tsx';
import { useNow } from './use-now.ts';

/** The owner's money, chunk by chunk: all of it, and the three places where it is, each with what it waits for. */
export function Earnings({ lending }: { lending: Lending }): JSX.Element {
  const income = lending.income.value;
  const live = lending.status.value?.income !== undefined;
  const now = useNow(live);
  if (!income) return <NoEarnings lending={lending} />;
  const { accrued, vested, paid } = income;
  const whole = String(BigInt(accrued) + BigInt(vested) + BigInt(paid));
  const stages = [
    [
      'Accrued',
      accrued,
      live ? describeAccrued(income, now) : 'Vests at the relay, with or without this tab.',
    ],
    ['Vested', vested, describeVested(income)],
    ['Paid', paid, describePaid(income, lending.account.value ?? '')],
  ] as const;
  return (
    <section class="card earnings" aria-labelledby="earnings-title">
      <div class="earnings-sum">
        <h2 id="earnings-title">Earned with this relay</h2>
        <p class="earnings-number" data-quiet={whole === '0'}>
          {describeLiveAmount(whole)}
        </p>
        <PayoutButton lending={lending} income={income} now={now} live={live} />
      </div>
      <dl class="stages">
        {stages.map(([name, amount, words]) => (
          <div class="stage" key={name} data-empty={amount === '0'}>
            <dt>{name}</dt>
            <dd class="stage-amount">{describeLiveAmount(amount)}</dd>
            <dd class="stage-words">{words}</dd>
          </div>
        ))}
      </dl>
      <Payments lending={lending} />
      <SaveVouchers lending={lending} />
    </section>
  );
}

/** Where the money will be: it says so, and what this wallet has from before. */
function NoEarnings({ lending }: { lending: Lending }): JSX.Element {
  const before = describeHoldings(lending.holdings.value);
  return (
    <section class="card earnings earnings-none" aria-labelledby="earnings-title">
      <h2 id="earnings-title">Earnings</h2>
      <p class="card-note">
        {lending.status.value?.relay.free
          ? 'This relay is free of charge: jobs here earn nothing. Your receipts still prove what you served.'
          : 'Your money will appear here, second by second, once you lend through a relay that pays.'}
      </p>
      {before ? <p>{before}</p> : null}
      <Payments lending={lending} />
      <SaveVouchers lending={lending} />
    </section>
  );
}
