import type { ComponentChildren, JSX } from 'preact';
import { WarningIcon } from './icons.tsx';

export interface NoticeProps {
  readonly tone: 'warning' | 'bad';
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** Something that the owner has to know or decide: what, and what helps. */
export function Notice({ tone, title, children }: NoticeProps): JSX.Element {
  return (
    <div class="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : 'note'}>
      <WarningIcon />
      <div class="notice-words">
        <p class="notice-title">{title}</p>
        {children}
      </div>
    </div>
  );
}
