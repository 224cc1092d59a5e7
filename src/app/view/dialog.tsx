import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { CrossIcon } from './icons.tsx';

export interface DialogProps {
  readonly title: string;
  readonly open: boolean;
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** A modal of the browser's own kind: it keeps the focus, closes on Escape and on a press beside it. */
export function Dialog({ title, open, close, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const element = dialog.current;
    if (!element) return;
    if (open && !element.open) element.showModal();
    if (!open && element.open) element.close();
  }, [open]);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={heading} onClose={close} closedby="any">
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={heading}>{title}</h2>
          <button type="button" class="button-icon" aria-label="Close" onClick={close}>
            <CrossIcon />
          </button>
        </header>
        {open ? children : null}
      </div>
    </dialog>
  );
}
