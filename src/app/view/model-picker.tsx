import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Lending } from '../state/lending.ts';
import { describeAddress } from '../words/model-address.ts';
import { ModelAddress } from './model-address.tsx';

/** The choice that asks for an address; no model is called so. */
const ANOTHER = ' another';

/** Which model to serve. It can be changed between two runs. */
export function ModelPicker({ lending }: { lending: Lending }): JSX.Element {
  const [asks, setAsks] = useState(false);
  const models = lending.models.value ?? [];
  const chosen = lending.settings.value.model;
  const busy = lending.lending.value;
  const foreign = chosen !== '' && lending.models.value && !models.some(({ id }) => id === chosen);
  function choose(model: string): void {
    setAsks(model === ANOTHER);
    if (model !== ANOTHER) lending.change({ model });
  }
  return (
    <div class="field">
      <label>
        <span class="field-label">Model</span>
        <select
          value={asks ? ANOTHER : chosen || models[0]?.id}
          disabled={busy || models.length === 0}
          aria-describedby={busy ? 'model-busy' : undefined}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          {foreign ? (
            <option value={chosen} title={chosen}>
              {describeAddress(chosen) ?? `${chosen} (unknown)`}
            </option>
          ) : null}
          {models.map(({ id, name, variant, embeds }) => (
            <option key={id} value={id}>
              {name}, {variant}
              {embeds ? ' (vectors)' : null}
            </option>
          ))}
          <option value={ANOTHER}>Another one, by its address…</option>
        </select>
      </label>
      {asks && !busy ? <ModelAddress choose={choose} /> : null}
      {busy ? (
        <span id="model-busy" class="field-hint">
          Stop lending to change it.
        </span>
      ) : null}
    </div>
  );
}
