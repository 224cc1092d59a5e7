import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lending } from '../state/lending.ts';
import { relayUrlFault, type Settings } from '../state/settings.ts';
import { CreditLimit } from './credit-limit.tsx';
import { Dialog } from './dialog.tsx';
import { OwnerSettings } from './owner-settings.tsx';

export interface SettingsDialogProps {
  readonly lending: Lending;
  readonly open: boolean;
  readonly close: () => void;
}

export function SettingsDialog({ lending, open, close }: SettingsDialogProps): JSX.Element {
  return (
    <Dialog title="Settings" open={open} close={close}>
      <SettingsForm lending={lending} close={close} />
    </Dialog>
  );
}

/** Everything at once, on save: half a change makes no sense to a relay. */
function SettingsForm({ lending, close }: Omit<SettingsDialogProps, 'open'>): JSX.Element {
  const [draft, setDraft] = useState(lending.settings.value);
  const amend = (changes: Partial<Settings>): void => setDraft({ ...draft, ...changes });
  const [fault, setFault] = useState<string>();
  const busy = lending.lending.value;
  function save(event: Event): void {
    event.preventDefault();
    const found = relayUrlFault(draft.relayUrl);
    setFault(found);
    if (found) return;
    lending.change(draft);
    close();
  }
  return (
    <form onSubmit={save}>
      <div class="field">
        <label>
          <span class="field-label">Relay</span>
          <input
            type="text"
            inputMode="url"
            spellcheck={false}
            value={draft.relayUrl}
            aria-invalid={fault !== undefined}
            aria-describedby="relay-hint"
            onInput={(event) => amend({ relayUrl: event.currentTarget.value })}
          />
        </label>
        <span id="relay-hint" class="field-hint" data-good={fault ? false : undefined}>
          {fault ?? 'Who sends the jobs. By default the relay that served this page.'}
        </span>
      </div>
      <fieldset class="field">
        <legend>Compute with</legend>
        {(['webgpu', 'wasm'] as const).map((backend) => (
          <label class="choice" key={backend}>
            <input
              type="radio"
              name="backend"
              checked={draft.backend === backend}
              onChange={() => amend({ backend })}
            />
            {backend === 'webgpu' ? 'GPU (WebGPU)' : 'CPU (WebAssembly), for tests'}
          </label>
        ))}
      </fieldset>
      <div class="field">
        <label>
          <span class="field-label">Streams at once</span>
          <input
            type="number"
            min={1}
            max={64}
            value={draft.slots}
            aria-describedby="slots-hint"
            onInput={(event) => {
              const slots = event.currentTarget.valueAsNumber;
              if (Number.isInteger(slots)) amend({ slots: Math.min(64, Math.max(1, slots)) });
            }}
          />
        </label>
        <span id="slots-hint" class="field-hint">
          Eight streams cost a GPU little more than one. Each takes memory for its context.
        </span>
      </div>
      <OwnerSettings draft={draft} amend={amend} />
      <CreditLimit value={draft.creditLimit} amend={(creditLimit) => amend({ creditLimit })} />
      <label class="choice">
        <input
          type="checkbox"
          checked={draft.allowSoftware}
          onChange={(event) => amend({ allowSoftware: event.currentTarget.checked })}
        />
        Lend even where the CPU does the work (slow, for tests)
      </label>
      <div class="dialog-end">
        {busy ? (
          <p class="field-hint">Share and prompts change at once, the rest at the next start.</p>
        ) : null}
        <button type="submit" class="button-main button-small">
          Save
        </button>
      </div>
    </form>
  );
}
