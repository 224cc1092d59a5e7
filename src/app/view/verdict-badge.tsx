import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { AttemptRow } from '../../provider/history/attempt-history.ts';
import { type AttemptVerdict, verifyAttempt } from '../state/verify-attempt.ts';
import { CheckIcon, CrossIcon } from './icons.tsx';

const verdicts = new Map<string, AttemptVerdict>();
let turn: Promise<void> = Promise.resolve();

/** Checks one attempt at a time and lets the page breathe between two: a signature takes a few ms. */
function verdictOf(attempt: AttemptRow): Promise<AttemptVerdict> {
  const checked = turn.then(async () => {
    await new Promise((resolve) => setTimeout(resolve));
    const verdict = verdicts.get(attempt.key) ?? verifyAttempt(attempt);
    verdicts.set(attempt.key, verdict);
    return verdict;
  });
  turn = checked.then(
    () => {},
    () => {},
  );
  return checked;
}

export function useVerdict(attempt: AttemptRow): AttemptVerdict | undefined {
  const [verdict, setVerdict] = useState(verdicts.get(attempt.key));
  useEffect(() => {
    let gone = false;
    void verdictOf(attempt).then((found) => {
      if (!gone) setVerdict(found);
    });
    return () => (gone = true);
  }, [attempt]);
  return verdict;
}

/** Whether the signatures hold, in a word. */
export function VerdictBadge({ attempt }: { attempt: AttemptRow }): JSX.Element {
  const verdict = useVerdict(attempt);
  if (!verdict) return <span class="badge">Checking…</span>;
  return (
    <span class="badge" data-good={verdict.valid}>
      {verdict.valid ? <CheckIcon /> : <CrossIcon />}
      {verdict.valid ? 'Verified' : 'Invalid'}
    </span>
  );
}
