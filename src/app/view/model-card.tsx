import type { JSX } from 'preact';
import type { LibraryModel } from '../../provider/models/library-model.ts';
import { ModelTitle } from './model-title.tsx';
import { ModelVariant } from './model-variant.tsx';
import type { ModelsProps } from './model-props.ts';

/** One model of the catalogue with its variants. */
export function ModelCard({ model, ...rest }: ModelsProps & { model: LibraryModel }): JSX.Element {
  return (
    <li class="card model-card">
      <ModelTitle model={model} />
      <ul class="variants">
        {model.variants.map((variant) => (
          <ModelVariant key={variant.id} model={model} variant={variant} {...rest} />
        ))}
      </ul>
    </li>
  );
}
