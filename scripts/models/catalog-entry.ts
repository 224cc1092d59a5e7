import type { CatalogModel, ModelCatalog } from '../../src/protocol/wire/model-catalog.ts';
import { filesOf, type ModelManifest } from '../../src/protocol/wire/model-manifest.ts';

/** The catalogue with a model's figures and rule taken from its manifest. */
export function catalogWith(catalog: ModelCatalog, manifest: ModelManifest): ModelCatalog {
  const models = catalog.models.map((model) => (model.id === manifest.id ? pinned(model, manifest) : model));
  return { ...catalog, models };
}

function pinned(model: CatalogModel, manifest: ModelManifest): CatalogModel {
  const variants = Object.entries(manifest.variants).map(([variant, { dtype, memoryBytes }]) => {
    const downloadBytes = filesOf(manifest, variant).reduce((sum, { bytes }) => sum + bytes, 0);
    return [variant, { downloadBytes, memoryBytes, f16: dtype === 'fp16' || dtype === 'q4f16' }];
  });
  return {
    ...model,
    context: manifest.context,
    variants: Object.fromEntries(variants) as CatalogModel['variants'],
    pin: { rule: 'manifest', manifest: `models/${model.id}/manifest.json`, mirrors: [] },
  };
}
