import type { JSX } from 'preact';
import type { PaymentRow } from '../../provider/income/payout-store.ts';
import type { Lending } from '../state/lending.ts';
import { describeAmount } from '../words/money.ts';
import { describeTime, shorten } from '../words/quantities.ts';
import { CopyButton } from './copy-button.tsx';

/** What was paid, newest first, each with its transaction. */
export function Payments({ lending }: { lending: Lending }): JSX.Element | null {
  const payments = lending.payments.value;
  if (payments.length === 0) return null;
  return (
    <details class="payments">
      <summary>
        Payouts <span class="count">{payments.length}</span>
      </summary>
      <ul>
        {payments.map((payment) => (
          <Payment key={`${payment.hub}/${payment.paid}`} {...payment} />
        ))}
      </ul>
    </details>
  );
}

function Payment({ amount, transaction, at }: PaymentRow): JSX.Element {
  return (
    <li class="payment">
      <span class="payment-amount">{describeAmount(amount)}</span>
      <time dateTime={new Date(at).toISOString()}>{describeTime(at)}</time>
      {transaction ? (
        <span class="hash">
          <span class="mono" title={transaction}>
            {shorten(transaction)}
          </span>
          <CopyButton text={transaction} label="Copy the transaction" />
        </span>
      ) : (
        <span class="field-hint">while this tab was away</span>
      )}
    </li>
  );
}
