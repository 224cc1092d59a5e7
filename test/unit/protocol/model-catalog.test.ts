import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ModelCatalog, parseCatalog } from '../../../src/protocol/wire/model-catalog.ts';
import { filesOf, parseManifest } from '../../../src/protocol/wire/model-manifest.ts';

const read = (): unknown => JSON.parse(readFileSync('public/catalog.json', 'utf8'));

describe('the catalogue', () => {
  const { models } = parseCatalog(read());

  it('has models of both engines, each with a license and a rule for its hashes', () => {
    expect(new Set(models.map(({ engine }) => engine))).toEqual(new Set(['onnx', 'webllm']));
    for (const { pin, sources } of models)
      if (pin.rule === 'first_download') expect(sources).not.toHaveLength(0);
  });

  it('has every model of ours, and says of each what its manifest says', () => {
    const ours = models.flatMap(({ pin, ...model }) =>
      pin.rule === 'manifest' ? [{ ...model, manifest: pin.manifest }] : [],
    );
    expect(ours.map(({ manifest }) => manifest).sort()).toEqual(
      readdirSync('public/models').map((name) => `models/${name}/manifest.json`),
    );
    for (const { manifest: path, variants, engine: _, tools: __, logprobs: ___, ...facts } of ours) {
      const manifest = parseManifest(readFileSync(`public/${path}`));
      const { id, name, description, license, context, architecture } = manifest;
      const { kind, parameters } = architecture;
      expect(facts, `public/catalog.json, ${id}`).toEqual({
        id,
        name,
        description,
        license,
        context,
        kind,
        parameters,
      });
      const stated = Object.entries(manifest.variants).map(([variant, { dtype, memoryBytes }]) => {
        const downloadBytes = filesOf(manifest, variant).reduce((sum, { bytes }) => sum + bytes, 0);
        return [variant, { downloadBytes, memoryBytes, f16: dtype === 'fp16' || dtype === 'q4f16' }];
      });
      expect(variants, `public/catalog.json, ${id}`).toEqual(Object.fromEntries(stated));
    }
  });

  it.each<[string, (catalog: ModelCatalog) => void]>([
    ['no license', ({ models: [first] }) => Reflect.deleteProperty(first!, 'license')],
    ['one id twice', ({ models: all }) => all.push(all[0]!)],
    ['no variant', ({ models: [first] }) => (first!.variants = {})],
    ['a size that is none', ({ models: [first] }) => (first!.variants['fp32']!.downloadBytes = -1)],
    ['no rule for its hashes', ({ models: [first] }) => Reflect.deleteProperty(first!, 'pin')],
    ['a license without a word', ({ models: [first] }) => (first!.license = '')],
    ['another format', (catalog) => Object.assign(catalog, { format: 2 })],
  ])('is refused with %s', (_, spoil) => {
    const catalog = structuredClone(read()) as ModelCatalog;
    spoil(catalog);
    expect(() => parseCatalog(catalog)).toThrow(expect.objectContaining({ code: 'catalog_invalid' }));
  });
});
