import type { JSX } from 'preact';
import type { LibraryModel } from '../../provider/models/library-model.ts';
import type { Lending } from '../state/lending.ts';
import { describeFit, machineOf } from '../words/fit-words.ts';
import { describeBytes } from '../words/quantities.ts';
import { ModelTitle } from './model-title.tsx';

/** A model that can't be had here yet, in short: what it is and what its variants would take. */
export function ModelSummary({ model, lending }: { model: LibraryModel; lending: Lending }): JSX.Element {
  const { gpu, settings } = lending;
  const fits = model.variants.map((variant) => describeFit(variant, machineOf(settings.value, gpu.value)));
  const none = fits.every((fit) => fit?.tone === 'bad') ? fits[0] : undefined;
  return (
    <li class="card model-card">
      <ModelTitle model={model} />
      <ul class="summary-variants">
        {model.variants.map(({ id, variant, downloadBytes, memoryBytes }) => (
          <li key={id}>
            <span class="mono">{variant}</span>
            <span>
              {downloadBytes === undefined ? 'size unknown' : `${describeBytes(downloadBytes)} to download`}
            </span>
            <span>{memoryBytes === undefined ? '' : `${describeBytes(memoryBytes)} of GPU memory`}</span>
          </li>
        ))}
      </ul>
      {none ? <p class="summary-fit">{none.text}.</p> : null}
    </li>
  );
}
