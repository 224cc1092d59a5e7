import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { describeDuty, describePercent, describeReduction } from '../words/duty-words.ts';

const MINUTE = 60_000;

/** What the tab uses of the GPU now, and the ways to take it back. */
export function DutyPanel({ lending }: { lending: Lending }): JSX.Element | null {
  const status = lending.status.value;
  const words = status && describeDuty(status);
  if (!status || !words) return null;
  const { name } = status.state;
  return (
    <section class="card card-duty" aria-labelledby="duty-title">
      <h2 id="duty-title">You first</h2>
      <div class="share" data-none={words.share === 0}>
        <p class="share-number">{describePercent(words.share)}</p>
        <div class="share-words">
          <p class="share-title">{words.title}</p>
          <p class="card-note">{words.detail}</p>
        </div>
        <meter
          class="bar share-bar"
          min={0}
          max={1}
          value={words.share}
          aria-label="Share of the GPU in use"
        />
      </div>
      {status.reduction ? <p class="card-note">{describeReduction(status.reduction)}</p> : null}
      {name === 'unloaded' ? null : (
        <div class="duty-ways">
          <button type="button" class="button-plain" onClick={() => void lending.unload()}>
            Give me my GPU back
          </button>
          <button type="button" class="button-quiet" onClick={() => void lending.snooze(30 * MINUTE)}>
            Snooze 30 min
          </button>
          <button type="button" class="button-quiet" onClick={() => void lending.snooze(120 * MINUTE)}>
            Snooze 2 h
          </button>
        </div>
      )}
    </section>
  );
}
