import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { CheckIcon, CopyIcon, WarningIcon } from './icons.tsx';

const SHOWN_MS = 2_000;

/** Copies a text and says so, on the button and to screen readers. */
export function CopyButton({ text, label }: { text: string; label: string }): JSX.Element {
  const [outcome, setOutcome] = useState<'copied' | 'refused'>();
  const words = { copied: 'Copied', refused: 'The browser did not allow copying' };
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setOutcome('copied');
    } catch {
      setOutcome('refused'); // No permission, or no secure context: the text stays selectable.
    }
    setTimeout(() => setOutcome(undefined), SHOWN_MS);
  }
  return (
    <button type="button" class="button-icon" aria-label={label} title={label} onClick={() => void copy()}>
      {outcome === 'copied' ? <CheckIcon /> : outcome ? <WarningIcon /> : <CopyIcon />}
      <output class="unseen">{outcome ? words[outcome] : ''}</output>
    </button>
  );
}
