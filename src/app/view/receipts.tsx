import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AttemptRow } from '../../provider/history/attempt-history.ts';
import type { Lending } from '../state/lending.ts';
import { describeCount, describeTime } from '../words/quantities.ts';
import { describeEnd } from '../words/state-words.ts';
import { Dialog } from './dialog.tsx';
import { ReceiptDetail } from './receipt-detail.tsx';
import { VerdictBadge } from './verdict-badge.tsx';

/** What was served, newest first, each with the state of its signatures. */
export function Receipts({ lending }: { lending: Lending }): JSX.Element {
  const attempts = lending.attempts.value;
  const [shown, show] = useState<AttemptRow>();
  return (
    <section class="card" aria-labelledby="receipts-title">
      <h2 id="receipts-title">Receipts</h2>
      {attempts && attempts.length === 0 ? (
        <p class="empty">
          None yet. Each job that this tab serves leaves a receipt with your signature, checked here.
        </p>
      ) : null}
      {attempts && attempts.length > 0 ? (
        <ul class="receipts">
          {attempts.map((attempt) => (
            <Receipt key={attempt.key} attempt={attempt} open={() => show(attempt)} />
          ))}
        </ul>
      ) : null}
      {lending.hasMore.value ? (
        <button type="button" class="button-plain" onClick={() => void lending.showMore()}>
          Show more
        </button>
      ) : null}
      <Dialog title="Receipt" open={shown !== undefined} close={() => show(undefined)}>
        {shown ? <ReceiptDetail attempt={shown} /> : null}
      </Dialog>
    </section>
  );
}

function Receipt({ attempt, open }: { attempt: AttemptRow; open: () => void }): JSX.Element {
  const { modelId, count, embedding, ended, endedAt } = attempt;
  const served = embedding ? embedding.inputs : count;
  const unit = embedding ? 'vector' : 'token';
  return (
    <li>
      <button type="button" class="receipt" onClick={open}>
        <span class="receipt-tokens">
          {describeCount(served)} {served === 1 ? unit : `${unit}s`}
        </span>
        <span class="receipt-model">{modelId}</span>
        <span class="receipt-end">{describeEnd(ended)}</span>
        <time class="receipt-time" dateTime={new Date(endedAt).toISOString()}>
          {describeTime(endedAt)}
        </time>
        <VerdictBadge attempt={attempt} />
      </button>
    </li>
  );
}
