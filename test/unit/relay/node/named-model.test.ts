/** Any model of the onnx-community layout: its manifest made, and a relay that speaks for it. */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../../../src/cli/afterglow.ts';
import { filesOf, parseManifest } from '../../../../src/protocol/wire/model-manifest.ts';
import { resolveOffer } from '../../../../src/provider/compute/model-shelf.ts';
import { readNamedModel } from '../../../../src/relay/node/model-folder.ts';
import { makeManifest } from '../../../../src/relay/node/models/manifest-maker.ts';
import { openModelSite } from '../../../../src/relay/node/models/open-site.ts';
import { startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { COMMIT, type ModelHub, openModelHub } from '../../../contract/model-hub.ts';
import { jsonBytes as text, modelRepository } from '../../../contract/model-repository.ts';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

let files: Map<string, Uint8Array>;
let folder: string;
let hub: ModelHub;
let origin: string;

/** A folder with the files, and a hub with them. */
beforeAll(async () => {
  files = await modelRepository();
  folder = await mkdtemp(join(tmpdir(), 'afterglow-model-'));
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  hub = await openModelHub(() => files);
  origin = hub.origin;
});
afterAll(async () => {
  hub.close();
  await rm(folder, { recursive: true });
});

const make = async (where: string, wishes: Parameters<typeof makeManifest>[1] = {}) =>
  makeManifest(await openModelSite(where, origin), wishes, () => {});

describe('afterglow model manifest', () => {
  it('describes a folder by its graphs, with every file that a variant needs', async () => {
    const out = join(folder, 'manifest.json');
    await createProgram().parseAsync(
      ['model', 'manifest', folder, '--id', 'a-model', '--context', '512', '--json'],
      { from: 'user' },
    );
    const manifest = parseManifest(await readFile(out));
    await rm(out);
    expect(manifest).toMatchObject({
      id: 'a-model',
      license: 'apache-2.0',
      architecture: { kind: 'decoder', layers: 2, heads: 2, kvHeads: 1, headDim: 64, vocab: 2048 },
      context: 512,
      bosTokenId: 0,
      eosTokenIds: [0, 2],
      variants: {
        q4: { dtype: 'q4', graph: 'onnx/model_q4.onnx', data: [] },
        fp16: { dtype: 'fp16', graph: 'onnx/model_fp16.onnx', data: ['onnx/model_fp16.onnx_data'] },
      },
    });
    expect(Object.keys(manifest.variants)).toHaveLength(2);
    for (const { path, bytes, sha256: hash } of manifest.files) {
      expect([path, bytes, hash]).toEqual([path, files.get(path)!.length, sha256(files.get(path)!)]);
    }
    const texts = ['tokenizer.json', 'tokenizer_config.json', 'chat_template.jinja'];
    const fp16 = ['onnx/model_fp16.onnx', 'onnx/model_fp16.onnx_data', ...texts];
    expect(filesOf(manifest, 'fp16').map(({ path }) => path)).toEqual(fp16);
    // Weights, one stream's cache, and what a prefill pass takes.
    const cache = 2 * 2 * 64 * 512 * 2;
    const pass = 256 * 2 * (2048 + 4 * 128 + 4 * 64);
    const { memoryBytes } = manifest.variants['fp16']!;
    const weights = files.get('onnx/model_fp16.onnx_data')!.length + 2048 * 64 * 2;
    expect(Math.abs(memoryBytes - cache - pass - weights)).toBeLessThan(20_000);
  });

  it('pins a repository of a hub to its commit, and downloads no weights', async () => {
    hub.graphReads.length = 0;
    const { manifest } = await make(`${origin}/someone/A-Model-ONNX`);
    expect(manifest.id).toBe('a-model');
    const graph = manifest.files.find(({ path }) => path === 'onnx/model_q4.onnx');
    expect(graph).toEqual({
      path: 'onnx/model_q4.onnx',
      bytes: files.get('onnx/model_q4.onnx')!.length,
      sha256: sha256(files.get('onnx/model_q4.onnx')!),
      url: `${origin}/someone/A-Model-ONNX/resolve/${COMMIT}/onnx/model_q4.onnx`,
    });
    expect(hub.graphReads.length).toBeGreaterThan(0);
    expect(hub.graphReads).not.toContain('whole graph');
  });

  it('takes any place on the web, and of it the variants that are wanted', async () => {
    const { manifest } = await make(`${origin}/plain`, { variants: ['q4'], id: 'mine' });
    expect(Object.keys(manifest.variants)).toEqual(['q4']);
    expect(manifest.files.map(({ url }) => url)).toContain(`${origin}/plain/onnx/model_q4.onnx`);
  });

  it.each<[string, () => void, object]>([
    [
      'a missing file',
      () => files.delete('config.json'),
      { code: 'model_file_missing', data: { file: 'config.json' } },
    ],
    ['no JSON', () => files.set('config.json', new Uint8Array([60])), { code: 'model_config_invalid' }],
    [
      'a config of another model',
      () => files.set('config.json', text({ ...configNow(), vocab_size: 4096 })),
      { code: 'model_inconsistent', data: { vocab: { graph: 2048, config: 4096 } } },
    ],
    [
      'weights that are not there',
      () => files.delete('onnx/model_fp16.onnx_data'),
      { code: 'model_file_missing', data: { file: 'onnx/model_fp16.onnx_data' } },
    ],
    [
      'a graph that is cut off',
      () => files.set('onnx/model_q4.onnx', files.get('onnx/model_q4.onnx')!.slice(0, 5000)),
      { code: 'graph_invalid', data: { file: 'onnx/model_q4.onnx' } },
    ],
    ['another tokenizer', () => files.set('tokenizer.json', text({})), { code: 'tokenizer_invalid' }],
  ])('names %s', async (_, spoil, error) => {
    const before = new Map(files);
    spoil();
    await expect(make(`${origin}/plain`)).rejects.toMatchObject(error);
    files = before;
  });

  const configNow = (): object => JSON.parse(Buffer.from(files.get('config.json')!).toString('utf8'));
});

describe('afterglow relay --model', () => {
  it('speaks for a folder, and serves what its manifest lists to pages', async () => {
    const { bytes, manifest } = await make(folder, { id: 'a-model' });
    await writeFile(join(folder, 'manifest.json'), bytes);
    await writeFile(join(folder, 'notes.txt'), 'not for others');
    const relay = await startRelayServer({ port: 0, model: [folder], log: 'silent' });
    expect(relay.models).toEqual(expect.arrayContaining(['a-model-q4', 'a-model-fp16', 'shakespeare-1m-q4']));
    const { shelved, offer } = await resolveOffer(
      { models: [] },
      `${relay.url}/models/a-model/manifest.json#fp16`,
    );
    expect(shelved.manifest).toEqual(manifest);
    expect(offer).toMatchObject({ id: 'a-model-fp16', variant: 'fp16' });
    const best = await resolveOffer({ models: [] }, `${relay.url}/models/a-model/manifest.json`);
    expect(best.offer.variant).toBe('q4');
    await expect(
      resolveOffer({ models: [] }, `${relay.url}/models/a-model/manifest.json#q8`),
    ).rejects.toMatchObject({
      code: 'model_unknown',
    });
    const status = async (path: string): Promise<number> =>
      (await fetch(`${relay.url}/models/a-model/${path}`)).status;
    expect(await status('onnx/model_fp16.onnx_data')).toBe(200);
    expect(await status('notes.txt')).toBe(404);
    expect(await status('../package.json')).toBe(404);
    await relay.close();
  });

  it('F1 speaks for a model on the web, whose tokenizer it checks', async () => {
    const { bytes } = await make(`${origin}/plain`, { id: 'far' });
    files.set('manifest.json', bytes);
    const named = await readNamedModel(`${origin}/plain/manifest.json`);
    expect(named.models.map(({ id }) => id)).toEqual(['far-fp16', 'far-q4']);
    expect(named.origins).toEqual([origin]);
    const tokenizer = named.models[0]!.tokenizer;
    // The template lies in a file of its own.
    expect(tokenizer.decode(tokenizer.chat([{ role: 'user', content: 'Good morrow' }]))).toContain(
      'Good morrow',
    );
    const kept = files.get('tokenizer_config.json')!;
    files.set('tokenizer_config.json', text({ changed: true }));
    await expect(readNamedModel(`${origin}/plain/`)).rejects.toMatchObject({ code: 'models_unreadable' });
    files.set('tokenizer_config.json', kept);
    await expect(readNamedModel(`${origin}/nowhere/manifest.json`)).rejects.toMatchObject({
      code: 'models_unreadable',
    });
  });

  it('refuses two models of one id', async () => {
    const { bytes } = await make(folder, { id: 'shakespeare-1m', variants: ['q4'] });
    await writeFile(join(folder, 'manifest.json'), bytes);
    await expect(startRelayServer({ port: 0, model: [folder], log: 'silent' })).rejects.toMatchObject({
      code: 'configuration_invalid',
    });
  });
});
