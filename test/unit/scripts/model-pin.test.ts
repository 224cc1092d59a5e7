/** A model pinned from a stand-in hub, and then downloaded as a tab does it. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogWith } from '../../../scripts/models/catalog-entry.ts';
import { pinModel } from '../../../scripts/models/model-pin.ts';
import { createMemoryStore } from '../../../src/engine/models/memory-store.ts';
import { downloadModel } from '../../../src/engine/models/model-download.ts';
import { type CatalogModel, parseCatalog } from '../../../src/protocol/wire/model-catalog.ts';
import { fileUrl, filesOf } from '../../../src/protocol/wire/model-manifest.ts';
import { openHubSite } from '../../../src/relay/node/models/hub-site.ts';
import { SimClock } from '../../../src/sim/sim-clock.ts';
import { SimRandom } from '../../../src/sim/sim-random.ts';
import { COMMIT, type ModelHub, openModelHub } from '../../contract/model-hub.ts';
import { modelRepository } from '../../contract/model-repository.ts';

const model: CatalogModel = {
  id: 'tiny',
  name: 'Tiny',
  description: '',
  engine: 'onnx',
  kind: 'decoder',
  license: 'Apache-2.0',
  parameters: 1_000,
  context: 8_192,
  tools: false,
  logprobs: 20,
  variants: { fp16: { f16: true }, q4: { f16: false } },
  pin: { rule: 'first_download', repository: 'https://hub.example/someone/A-Model-ONNX', revision: 'main' },
};

let files: Map<string, Uint8Array>;
let hub: ModelHub;
let folder: string;
/** A file of which the hub does not say the truth. */
let lie: string | undefined;

beforeAll(async () => {
  files = await modelRepository();
  folder = await mkdtemp(join(tmpdir(), 'afterglow-pin-test-'));
  hub = await openModelHub(
    () => files,
    (path, bytes) => (path === lie ? new Uint8Array(bytes.length) : bytes),
  );
});
afterAll(async () => {
  hub.close();
  await rm(folder, { recursive: true });
});

async function pin(name: string, variants = ['fp16', 'q4']) {
  const site = await openHubSite({ repository: 'someone/A-Model-ONNX', revision: 'main' }, hub.origin);
  return pinModel({ site, model, variants, context: 512, folder: join(folder, name), tell: () => {} });
}

describe('pinning a model', () => {
  it('writes a manifest of one commit that a tab can download by', async () => {
    hub.graphReads.length = 0;
    const manifest = await pin('good');
    expect(hub.graphReads).toContain('whole graph');
    expect(manifest).toMatchObject({
      id: 'tiny',
      license: 'Apache-2.0',
      context: 512,
      architecture: { layers: 2, heads: 2, kvHeads: 1, headDim: 64, vocab: 2048 },
      variants: {
        fp16: { graph: 'onnx/model_fp16.onnx', data: ['onnx/model_fp16.onnx_data'] },
        q4: { data: [] },
      },
    });
    const graph = manifest.files.find(({ path }) => path === 'onnx/model_q4.onnx');
    expect(graph?.url).toBe(`${hub.origin}/someone/A-Model-ONNX/resolve/${COMMIT}/onnx/model_q4.onnx`);
    const texts = ['chat_template.jinja', 'tokenizer.json', 'tokenizer_config.json'];
    expect(manifest.files.flatMap(({ path, url }) => (url ? [] : [path])).sort()).toEqual(texts);
    expect((await readdir(join(folder, 'good'))).sort()).toEqual([...texts, 'manifest.json'].sort());
    const store = createMemoryStore();
    const wanted = filesOf(manifest, 'fp16').filter(({ url }) => url !== undefined);
    await downloadModel(
      wanted.map((file) => ({ ...file, urls: [fileUrl(file, new URL('https://page.example/'))] })),
      {
        clock: new SimClock(),
        random: new SimRandom(1),
        store,
        fetch: (url, init) => fetch(url, init),
        exclude: (_, __, run) => run(),
        onNetwork: () => () => {},
        room: async () => undefined,
      },
      new AbortController().signal,
      () => {},
    );
    expect(await store.list()).toHaveLength(2);
  });

  it('turns the catalogue’s entry into one that is offered', async () => {
    const catalog = parseCatalog({ format: 1, models: [model] });
    const [entry] = parseCatalog(catalogWith(catalog, await pin('entry', ['q4']))).models;
    expect(entry).toMatchObject({
      context: 512,
      pin: { rule: 'manifest', manifest: 'models/tiny/manifest.json' },
      variants: { q4: { f16: false } },
    });
    expect(entry?.variants['q4']?.downloadBytes).toBeGreaterThan(files.get('onnx/model_q4.onnx')!.length);
  });

  it('refuses bytes that are not what the hub says, and variants that it does not have', async () => {
    lie = 'onnx/model_fp16.onnx_data';
    await expect(pin('lied')).rejects.toMatchObject({ code: 'model_corrupt', data: { file: lie } });
    lie = undefined;
    await expect(pin('none', ['q4f16'])).rejects.toMatchObject({
      code: 'model_file_missing',
      data: { variants: ['q4f16'] },
    });
  });
});
