import type { JSX } from 'preact';
import type { AttemptRow } from '../../provider/history/attempt-history.ts';
import { describeCount, describeSeconds, describeTime, shorten } from '../words/quantities.ts';
import { describeEnd } from '../words/state-words.ts';
import { CopyButton } from './copy-button.tsx';
import { useVerdict, VerdictBadge } from './verdict-badge.tsx';

/** One attempt in full: what was served, for whom it was signed, and each chunk's signature. */
export function ReceiptDetail({ attempt }: { attempt: AttemptRow }): JSX.Element {
  const {
    job,
    lease,
    relay,
    modelId,
    promptTokens,
    first,
    count,
    ended,
    startedAt,
    endedAt,
    chunks,
    embedding,
  } = attempt;
  const receipt = embedding ?? attempt.receipt;
  const verdict = useVerdict(attempt);
  const facts: readonly (readonly [string, JSX.Element | string])[] = [
    ['Job', <Hash key="job" value={job} label="Copy the job’s id" />],
    ['Attempt', `${lease + 1}${lease > 0 ? ' (taken over from another tab)' : ''}`],
    ['Model', modelId],
    [embedding ? 'Inputs' : 'Prompt', `${describeCount(promptTokens)} tokens`],
    [
      'Output',
      embedding
        ? `${describeCount(embedding.inputs)} vectors of ${describeCount(embedding.dimensions)} numbers`
        : `${describeCount(count)} tokens from position ${describeCount(first)}`,
    ],
    ['End', describeEnd(ended)],
    ['Time', `${describeTime(endedAt)}, after ${describeSeconds(endedAt - startedAt)}`],
    ['Relay', <Hash key="relay" value={relay} label="Copy the relay’s address" />],
    ['GPU class', receipt?.gpuClass ?? 'not stated'],
  ];
  return (
    <>
      <p class="detail-verdict">
        <VerdictBadge attempt={attempt} />
        <span>A signature says who did the work, not that a model ran: audits do that.</span>
      </p>
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <h3>{embedding ? 'Signature' : 'Signed chunks'}</h3>
      <ol class="chunks">
        {chunks.map((chunk, i) => (
          <li key={chunk.index}>
            <span>
              {describeCount(chunk.first)}–{describeCount(chunk.first + chunk.count - 1)}
            </span>
            <span class="mono" title={chunk.signature}>
              {shorten(chunk.signature, 10, 8)}
            </span>
            <span>{signatureWords(verdict?.chunks[i])}</span>
          </li>
        ))}
        {receipt ? (
          <li>
            <span>Receipt</span>
            <span class="mono" title={receipt.signature}>
              {shorten(receipt.signature, 10, 8)}
            </span>
            <span>{signatureWords(verdict?.receipt ?? undefined)}</span>
          </li>
        ) : null}
      </ol>
    </>
  );
}

function Hash({ value, label }: { value: string; label: string }): JSX.Element {
  return (
    <span class="hash">
      <span class="mono" title={value}>
        {shorten(value, 10, 8)}
      </span>
      <CopyButton text={value} label={label} />
    </span>
  );
}

function signatureWords(good: boolean | undefined): string {
  return good === undefined ? 'checking…' : good ? 'valid' : 'invalid';
}
