import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { readAmount, writeAmount } from '../words/money.ts';

export interface CreditLimitProps {
  /** In pico. */
  readonly value: string;
  readonly amend: (value: string) => void;
}

/** What the owner trusts the relay with: beyond it, this tab takes no jobs until it was paid. */
export function CreditLimit({ value, amend }: CreditLimitProps): JSX.Element {
  const [text, setText] = useState(() => writeAmount(value));
  const isWrong = readAmount(text) === undefined;
  return (
    <div class="field">
      <label>
        <span class="field-label">Most that the relay may owe you, in dollars</span>
        <input
          type="text"
          inputMode="decimal"
          autocomplete="off"
          value={text}
          aria-invalid={isWrong}
          aria-describedby="limit-hint"
          onInput={(event) => {
            const typed = event.currentTarget.value;
            setText(typed);
            const amount = readAmount(typed);
            if (amount !== undefined) amend(amount);
          }}
        />
      </label>
      <span id="limit-hint" class="field-hint" data-good={isWrong ? false : undefined}>
        {isWrong
          ? 'An amount like 0.25.'
          : 'Between payouts a relay owes you money. Beyond this, your tab waits until it was paid.'}
      </span>
    </div>
  );
}
