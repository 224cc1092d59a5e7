import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { describeRate } from '../words/quantities.ts';
import { describeAddress } from '../words/model-address.ts';
import { describeState } from '../words/state-words.ts';
import { Controls } from './controls.tsx';
import { useNow } from './use-now.ts';
import { ThroughputChart } from './throughput-chart.tsx';

/** The first thing to see: what this tab does, how fast, and the one button. */
export function Hero({ lending }: { lending: Lending }): JSX.Element {
  const status = lending.status.value;
  const state = status?.state;
  const now = useNow(state?.name === 'connecting' && state.retryAt !== undefined);
  const words = describeState(
    status,
    lending.model.value?.name ?? describeAddress(lending.settings.value.model) ?? 'the model',
    now,
  );
  const rate = status?.tokensPerSecond ?? 0;
  return (
    <section class="hero" data-tone={words.tone} aria-labelledby="hero-title">
      <div class="hero-sky" aria-hidden="true" />
      <div class="hero-words">
        <p class="hero-rate">
          <span class="hero-number" data-quiet={rate === 0}>
            {describeRate(rate)}
          </span>
          <span class="hero-unit">tokens per second</span>
        </p>
        <div class="hero-state">
          {/* The headline alone is announced: the detail may count bytes or seconds. */}
          <h2 id="hero-title" aria-live="polite">
            <span class="hero-dot" aria-hidden="true" />
            {words.title}
          </h2>
          <p>{words.detail}</p>
        </div>
        <LoadingBar lending={lending} />
        <Controls lending={lending} />
      </div>
      <ThroughputChart lending={lending} />
    </section>
  );
}

function LoadingBar({ lending }: { lending: Lending }): JSX.Element | null {
  const state = lending.status.value?.state;
  if (state?.name !== 'loading') return null;
  if (state.progress.phase === 'prepare') {
    const { done, total } = state.progress;
    // Without a value the bar moves to and fro.
    const measure = done === undefined ? {} : { value: done, max: total };
    return <progress class="bar" aria-label="Preparing the model" {...measure} />;
  }
  const { bytes, total } = state.progress;
  return <progress class="bar" aria-label="Download of the model" value={bytes} max={total} />;
}
