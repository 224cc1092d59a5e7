import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { describeBytes } from '../words/quantities.ts';
import { DownloadIcon, PauseIcon, PlayIcon } from './icons.tsx';
import type { ModelVariantProps } from './model-props.ts';

/** What can be done with a variant now. Deleting asks once more. */
export function ModelActions({
  model,
  variant,
  lending,
  library,
  frees,
}: ModelVariantProps & { frees: number }): JSX.Element {
  const { id, state, transfer } = variant;
  const [asking, setAsking] = useState(false);
  const label = `${model.name} ${variant.variant}`;
  const lasting = library.status.value?.storage.lasting ?? true;
  if (asking) {
    return (
      <div class="variant-actions">
        <span class="variant-question">
          Delete {describeBytes(frees)}?{isLent(lending, id) ? ' It is being lent.' : ''}
        </span>
        <button
          type="button"
          class="button-plain button-bad"
          onClick={() => {
            setAsking(false);
            void library.remove(id);
          }}
        >
          Delete
        </button>
        <button type="button" class="button-plain" onClick={() => setAsking(false)}>
          Keep
        </button>
      </div>
    );
  }
  const under = transfer?.name === 'queued' || transfer?.name === 'active';
  return (
    <div class="variant-actions">
      {under ? (
        <button
          type="button"
          class="button-plain"
          aria-label={`Pause ${label}`}
          onClick={() => void library.pause(id)}
        >
          <PauseIcon />
          Pause
        </button>
      ) : state === 'kept' ? (
        <Choose lending={lending} id={id} label={label} />
      ) : (
        <button
          type="button"
          class="button-plain"
          aria-label={`${state === 'part' ? 'Resume' : 'Download'} ${label}`}
          disabled={!lasting}
          onClick={() => void library.download(id)}
        >
          {state === 'part' ? <PlayIcon /> : <DownloadIcon />}
          {state === 'part' ? 'Resume' : 'Download'}
        </button>
      )}
      {state === 'absent' && !under ? null : (
        <button
          type="button"
          class="button-quiet"
          aria-label={`${state === 'kept' ? 'Delete' : 'Cancel'} ${label}`}
          onClick={() => (state === 'kept' ? setAsking(true) : void library.remove(id))}
        >
          {state === 'kept' ? 'Delete' : 'Cancel'}
        </button>
      )}
    </div>
  );
}

function Choose({
  lending,
  id,
  label,
}: {
  lending: ModelVariantProps['lending'];
  id: string;
  label: string;
}): JSX.Element | null {
  if (!lending.models.value?.some((choice) => choice.id === id)) return null;
  if (lending.model.value?.id === id) return <span class="variant-chosen">Chosen to lend</span>;
  return (
    <button
      type="button"
      class="button-plain"
      aria-label={`Choose ${label}`}
      disabled={lending.lending.value}
      title={lending.lending.value ? 'Stop lending to change it.' : undefined}
      onClick={() => lending.change({ model: id })}
    >
      Choose
    </button>
  );
}

function isLent(lending: ModelVariantProps['lending'], id: string): boolean {
  return lending.lending.value && lending.model.value?.id === id;
}
