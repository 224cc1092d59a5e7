import type { LibraryModel, LibraryVariant } from '../../provider/models/library-model.ts';
import type { Lending } from '../state/lending.ts';
import type { Library } from '../state/library.ts';

/** What the view of the models is about. */
export interface ModelsProps {
  readonly lending: Lending;
  readonly library: Library;
}

/** What a row of it is about. */
export interface ModelVariantProps extends ModelsProps {
  readonly model: LibraryModel;
  readonly variant: LibraryVariant;
}
