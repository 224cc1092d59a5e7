import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';

/** Which model to serve. It can be changed between two runs. */
export function ModelPicker({ lending }: { lending: Lending }): JSX.Element {
  const models = lending.models.value ?? [];
  const chosen = lending.settings.value.model;
  const busy = lending.lending.value;
  const unknown = chosen !== '' && lending.models.value && !models.some(({ id }) => id === chosen);
  return (
    <div class="field">
      <label>
        <span class="field-label">Model</span>
        <select
          value={chosen || models[0]?.id}
          disabled={busy || models.length === 0}
          aria-describedby={busy ? 'model-busy' : undefined}
          onChange={(event) => lending.change({ model: event.currentTarget.value })}
        >
          {unknown ? <option value={chosen}>{chosen} (unknown)</option> : null}
          {models.map(({ id, name, variant, embeds }) => (
            <option key={id} value={id}>
              {name}, {variant}
              {embeds ? ' (vectors)' : null}
            </option>
          ))}
        </select>
      </label>
      {busy ? (
        <span id="model-busy" class="field-hint">
          Stop lending to change it.
        </span>
      ) : null}
    </div>
  );
}
