import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { errorBody } from '../../core/errors.ts';
import type { Lending } from '../state/lending.ts';

/** Downloads what relays signed for this wallet, where they signed anything: with that it is paid without them. */
export function SaveVouchers({ lending }: { lending: Lending }): JSX.Element | null {
  const [fault, setFault] = useState<string>();
  if (!lending.income.value?.voucher && lending.holdings.value.length === 0) return null;
  async function save(): Promise<void> {
    try {
      const link = document.createElement('a');
      const text = JSON.stringify(await lending.vouchers(), null, 2);
      link.href = `data:application/json,${encodeURIComponent(text)}`;
      link.download = `afterglow-vouchers-${lending.account.value?.slice(2, 10)}.json`;
      link.click();
      setFault(undefined);
    } catch (error) {
      setFault(errorBody(error).message);
    }
  }
  return (
    <div class="vouchers">
      <button type="button" class="button-quiet" aria-describedby="vouchers-note" onClick={() => void save()}>
        Save vouchers
      </button>
      <p id="vouchers-note" class="field-hint" data-good={fault ? false : undefined} aria-live="polite">
        {fault ??
          'What relays signed for you, as a file: with it you are paid even if they are gone. Save a new one now and then.'}
      </p>
    </div>
  );
}
