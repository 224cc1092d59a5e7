import type { JSX } from 'preact';
import type { IncomeStatus } from '../../provider/income/income-status.ts';
import type { Lending } from '../state/lending.ts';
import { describePayout } from '../words/income-words.ts';
import { describeAmount } from '../words/money.ts';

export interface PayoutButtonProps {
  readonly lending: Lending;
  readonly income: IncomeStatus;
  readonly now: number;
  /** False after a stop: there is nobody to ask. */
  readonly live: boolean;
}

/** Asks for what has vested, and says what comes of it; beside it, what the relay owes of what it may owe. */
export function PayoutButton({ lending, income, now, live }: PayoutButtonProps): JSX.Element {
  const { label, enabled, busy, note, bad } = describePayout(income, now);
  const { unsecured, limit } = income;
  return (
    <div class="payout">
      <button
        type="button"
        class="button-plain"
        disabled={!enabled || !live}
        aria-busy={busy}
        aria-describedby="payout-note"
        onClick={() => void lending.requestPayout()}
      >
        {label}
      </button>
      <p id="payout-note" class="field-hint" data-good={bad ? false : undefined} aria-live="polite">
        {live ? note : 'As it was when you stopped. Start lending to go on.'}
      </p>
      <p class="payout-credit">
        <meter
          class="bar bar-credit"
          min={0}
          max={Number(limit)}
          high={Number(limit) * 0.8}
          value={Number(unsecured)}
          aria-label="What this relay owes you, of what you trust it with"
        />
        <span class="field-hint">
          Owed {describeAmount(unsecured)}. Lending waits at your limit of {describeAmount(limit)}.
        </span>
      </p>
    </div>
  );
}
