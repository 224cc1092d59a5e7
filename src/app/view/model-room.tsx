import type { JSX } from 'preact';
import type { ErrorBody } from '../../core/errors.ts';
import { describeBytes, describeDay } from '../words/quantities.ts';
import type { ModelVariantProps } from './model-props.ts';

/** No room for a model: how much is missing, and what could go. Nothing goes unless its owner says so. */
export function ModelRoom({
  variant,
  library,
  error,
}: ModelVariantProps & { error: ErrorBody }): JSX.Element {
  // Before a download the browser's estimate says what is missing; a full disk only shows in the middle of one.
  const short = Number(error.data?.['short']);
  const left = (variant.downloadBytes ?? variant.bytes) - variant.bytes;
  const others = (library.status.value?.models ?? []).flatMap((model) =>
    model.variants
      .filter(({ id, frees }) => id !== variant.id && frees > 0)
      .map((other) => ({ ...other, name: `${model.name}, ${other.variant}` })),
  );
  others.sort((a, b) => a.usedAt - b.usedAt);
  return (
    <div class="variant-fault" role="alert">
      <p>
        {short > 0
          ? `This browser has no room for it: ${describeBytes(short)} are missing.`
          : `This browser has no room left: ${describeBytes(left)} are still to come. What is here stays.`}
      </p>
      {others.length > 0 ? (
        <>
          <p>You could delete:</p>
          <ul class="room-list">
            {others.map(({ id, name, frees, usedAt }) => (
              <li key={id}>
                <span>
                  {name}: {describeBytes(frees)}, last used {describeDay(usedAt)}
                </span>
                <button
                  type="button"
                  class="button-plain button-bad"
                  aria-label={`Delete ${name}`}
                  onClick={() => void library.remove(id)}
                >
                  Delete
                </button>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p>
          Free some space on the disk, or delete other sites’ data in the browser’s settings. What was
          downloaded is kept.
        </p>
      )}
      <p>
        <button type="button" class="button-plain" onClick={() => void library.download(variant.id)}>
          Try again
        </button>
      </p>
    </div>
  );
}
