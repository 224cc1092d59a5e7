/** A model pinned from a stand-in hub, and then downloaded as a tab does it. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalogWith } from '../../../scripts/models/catalog-entry.ts';
import { readHubRepository } from '../../../scripts/models/hub-repository.ts';
import { pinModel } from '../../../scripts/models/model-pin.ts';
import { downloadModel } from '../../../src/engine/models/model-download.ts';
import { createMemoryStore } from '../../../src/engine/models/memory-store.ts';
import { type CatalogModel, parseCatalog } from '../../../src/protocol/wire/model-catalog.ts';
import { fileUrl, filesOf } from '../../../src/protocol/wire/model-manifest.ts';
import { SimClock } from '../../../src/sim/sim-clock.ts';
import { SimRandom } from '../../../src/sim/sim-random.ts';
import { createSyntheticDecoder } from '../../../src/sim/decoder/synthetic-decoder.ts';

const COMMIT = 'c0ffee'.padEnd(40, '0');
const sizes = { hidden: 64, intermediate: 128, heads: 4, kvHeads: 2, headDim: 16, vocab: 256 };
const outside = createSyntheticDecoder(
  'smollm2-135m',
  { dtype: 'q4', external: 'model_q4.onnx_data' },
  sizes,
);
const inside = createSyntheticDecoder('smollm2-135m', { dtype: 'fp32' }, sizes);
const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const files: Record<string, Buffer> = {
  'onnx/model.onnx': Buffer.from(inside.graph),
  'onnx/model_q4.onnx': Buffer.from(outside.graph),
  'onnx/model_q4.onnx_data': Buffer.from(outside.data[0]!.content),
  'tokenizer.json': json({ model: {} }),
  'tokenizer_config.json': json({ eos_token: '</s>' }),
  'chat_template.jinja': Buffer.from('{{ messages }}'),
  'config.json': json({
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    head_dim: 16,
    hidden_size: 64,
    intermediate_size: 128,
    vocab_size: 256,
    bos_token_id: 1,
    eos_token_id: 2,
  }),
  'generation_config.json': json({ eos_token_id: [2, 3] }),
};
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
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
  variants: { fp32: { f16: false }, q4: { f16: false } },
  pin: { rule: 'first_download', repository: 'https://hub.example/someone/tiny', revision: 'main' },
};

let server: Server;
let hub: string;
let folder: string;
/** What the hub says in place of the truth. */
let lie: { path: string; oid: string } | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-pin-test-'));
  server = createServer(({ url = '' }, response) => {
    if (url === '/api/models/someone/tiny/revision/main')
      return response.end(JSON.stringify({ sha: COMMIT }));
    if (url === `/api/models/someone/tiny/tree/${COMMIT}?recursive=true`) {
      const tree = Object.entries(files).map(([path, bytes]) => {
        const oid = lie?.path === path ? lie.oid : sha256(bytes);
        const lfs = path.startsWith('onnx/') ? { lfs: { oid, size: bytes.length, pointerSize: 134 } } : {};
        return { type: 'file', oid: 'git', path, size: bytes.length, ...lfs };
      });
      return response.end(JSON.stringify([{ type: 'directory', path: 'onnx', size: 0 }, ...tree]));
    }
    const file = files[url.replace(`/someone/tiny/resolve/${COMMIT}/`, '')];
    return file ? response.end(file) : response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub = `http://127.0.0.1:${(server.address() as AddressInfo).port}/someone/tiny`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function pin(name: string, dtypes: ('q4' | 'fp32' | 'fp16')[] = ['fp32', 'q4']) {
  const temporary = await mkdtemp(join(folder, 'weights-'));
  const manifest = await pinModel({
    repository: await readHubRepository(new URL(hub), 'main'),
    model,
    dtypes,
    context: 512,
    folder: join(folder, name),
    temporary,
    tell: () => {},
  });
  expect(await readdir(temporary)).toEqual([]);
  return manifest;
}

describe('pinning a model', () => {
  it('writes a manifest of one commit that a tab can download by', async () => {
    const manifest = await pin('good');
    expect(manifest).toMatchObject({
      id: 'tiny',
      context: 512,
      bosTokenId: 1,
      eosTokenIds: [2, 3],
      architecture: { layers: 2, heads: 4, kvHeads: 2, headDim: 16, vocab: 256 },
      quality: { commit: COMMIT },
      variants: {
        q4: { graph: 'onnx/model_q4.onnx', data: ['onnx/model_q4.onnx_data'] },
        fp32: { data: [] },
      },
    });
    const graph = manifest.files.find(({ path }) => path === 'onnx/model_q4.onnx');
    expect(graph?.url).toBe(`${hub}/resolve/${COMMIT}/onnx/model_q4.onnx`);
    // Weights and 512 positions of two layers: 2 heads of 16 floats, keys and values.
    const cache = 2 * 2 * 2 * 16 * 512 * 4;
    expect(manifest.variants['fp32']!.memoryBytes - cache).toBeGreaterThan(inside.graph.length * 0.9);
    const store = createMemoryStore();
    const wanted = filesOf(manifest, 'q4').filter(({ url }) => url !== undefined);
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
    expect(entry?.variants['q4']?.downloadBytes).toBeGreaterThan(outside.graph.length);
  });

  it('refuses bytes that are not what the hub says, and variants that it does not have', async () => {
    lie = { path: 'onnx/model_q4.onnx_data', oid: 'ab'.repeat(32) };
    await expect(pin('lied')).rejects.toThrow(/model_q4\.onnx_data has the hash .* the hub says abab/);
    lie = undefined;
    await expect(pin('none', ['fp16'])).rejects.toThrow('someone/tiny has no onnx/model_fp16.onnx.');
  });
});
