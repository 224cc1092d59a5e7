import type { JSX } from 'preact';
import type { Library } from '../state/library.ts';
import { describeBytes } from '../words/quantities.ts';

/** What the models take on this disk, and whether the browser may clear them. */
export function ModelStorage({ library }: { library: Library }): JSX.Element | null {
  const storage = library.status.value?.storage;
  if (!storage) return null;
  const { models, usage = models, quota, persisted, strays, lasting } = storage;
  if (!lasting) {
    return (
      <section class="card model-storage" aria-label="Storage">
        <p class="card-note">
          This window keeps nothing: it is a private one, or storage is turned off for this site. Lending
          works, and downloads its model each time.
        </p>
      </section>
    );
  }
  return (
    <section class="card model-storage" aria-label="Storage">
      <div class="storage-words">
        <p class="storage-figure">
          <strong>{describeBytes(models)}</strong> of models
        </p>
        {quota === undefined ? null : (
          <p class="storage-room">{describeBytes(Math.max(0, quota - usage))} more would fit</p>
        )}
      </div>
      {quota === undefined ? null : (
        <meter
          class="bar"
          aria-label="Storage used"
          aria-valuetext={`${describeBytes(usage)} of ${describeBytes(quota)}`}
          min={0}
          max={quota}
          value={usage}
        />
      )}
      <p class="card-note">
        {persisted
          ? 'The browser keeps them until you delete them.'
          : 'The browser may clear them when the disk runs full. It decides by itself whether to promise more; a bookmark or an installed app helps.'}
        {strays > 0 ? (
          <>
            {' '}
            {describeBytes(strays)} belong to no model of this page any more.{' '}
            <button type="button" class="button-link" onClick={() => void library.removeStrays()}>
              Delete those
            </button>
          </>
        ) : null}
      </p>
    </section>
  );
}
