import type { JSX } from 'preact';
import type { StreamStatus } from '../../provider/status.ts';
import type { Lending } from '../state/lending.ts';
import { describeLiveAmount } from '../words/money.ts';
import { describeCount, shorten } from '../words/quantities.ts';

/** What runs right now, one row per stream. */
export function Streams({ lending }: { lending: Lending }): JSX.Element {
  const streams = lending.status.value?.streams ?? [];
  return (
    <section class="card" aria-labelledby="streams-title">
      <h2 id="streams-title">
        Streams now <span class="count">{streams.length}</span>
      </h2>
      {streams.length === 0 ? (
        <p class="empty">
          {lending.lending.value
            ? 'None. A stream appears here the moment the relay sends a job.'
            : 'None. Start lending, and the jobs that run here appear in this place.'}
        </p>
      ) : (
        <ul class="streams">
          {streams.map((stream) => (
            <Stream key={`${stream.job}/${stream.lease}`} {...stream} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Stream({ job, promptTokens, prior, tokens, maxTokens, earned }: StreamStatus): JSX.Element {
  return (
    <li class="stream">
      <span class="mono">{shorten(job)}</span>
      <span class="stream-note">
        Prompt of {describeCount(promptTokens)} tokens
        {prior > 0 ? `, taken over at token ${describeCount(prior)}` : ''}
        {earned === '0' ? '' : `, ${describeLiveAmount(earned)} earned`}
      </span>
      <span class="stream-count">
        {describeCount(tokens)} <span class="stream-of">of at most {describeCount(maxTokens)}</span>
      </span>
      <progress
        class="bar bar-thin"
        value={tokens}
        max={maxTokens}
        aria-label={`Tokens of stream ${shorten(job)}`}
      />
    </li>
  );
}
