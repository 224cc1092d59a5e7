import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../src/core/bytes.ts';
import { createMemoryStore } from '../../../../src/engine/models/memory-store.ts';
import type { ModelStore } from '../../../../src/engine/models/model-store.ts';
import { parseCatalog } from '../../../../src/protocol/wire/model-catalog.ts';
import { parseManifest } from '../../../../src/protocol/wire/model-manifest.ts';
import type { Shelf } from '../../../../src/provider/compute/model-shelf.ts';
import type { LibraryVariant } from '../../../../src/provider/models/library-model.ts';
import { ModelLibrary } from '../../../../src/provider/models/model-library.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';

const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const contents: Record<string, Uint8Array<ArrayBuffer>> = {
  'model.onnx': bytesOf('full weights '.repeat(40)),
  'model_q4.onnx': bytesOf('q4 weights '.repeat(20)),
  'tokenizer.json': bytesOf('{"words":[]}'),
};
const size = (path: string): number => contents[path]!.length;

function shelf(): Shelf {
  const variant = { memoryBytes: 9_000 };
  const manifest = parseManifest(
    bytesOf(
      JSON.stringify({
        format: 1,
        id: 'tiny',
        name: 'Tiny',
        description: '',
        license: 'Apache-2.0',
        architecture: {
          kind: 'decoder',
          layers: 1,
          heads: 1,
          kvHeads: 1,
          headDim: 1,
          hidden: 1,
          intermediate: 1,
          vocab: 2,
          parameters: 1,
        },
        context: 16,
        bosTokenId: null,
        eosTokenIds: [],
        variants: {
          fp32: { ...variant, dtype: 'fp32', graph: 'model.onnx' },
          q4: { ...variant, dtype: 'q4', graph: 'model_q4.onnx' },
        },
        files: Object.entries(contents).map(([path, bytes]) => ({
          path,
          bytes: bytes.length,
          sha256: toHex(sha256(bytes)).slice(2),
        })),
      }),
    ),
  );
  const base = {
    description: '',
    engine: 'onnx',
    kind: 'decoder',
    license: 'Apache-2.0',
    parameters: 1,
    context: 16,
    tools: false,
    logprobs: 20,
    variants: { fp32: { f16: false }, q4: { f16: false } },
  };
  const later = { rule: 'first_download', repository: 'https://example.org/later', revision: 'main' };
  const catalog = parseCatalog({
    format: 1,
    models: [
      {
        ...base,
        id: 'tiny',
        name: 'Tiny',
        pin: { rule: 'manifest', manifest: 'tiny/manifest.json', mirrors: [] },
      },
      { ...base, id: 'later', name: 'Later', pin: later },
      { ...base, id: 'web', name: 'Web', engine: 'webllm', pin: later },
    ],
  });
  const offers = new Map(
    ['fp32', 'q4'].map((name) => [
      `tiny-${name}`,
      { id: `tiny-${name}`, variant: name, manifest: `0x${'00'.repeat(32)}` as const },
    ]),
  );
  return {
    catalog,
    faults: new Map(),
    models: [{ folder: new URL('https://a/tiny/'), mirrors: [], manifest, offers }],
  };
}

interface Scene {
  readonly library: ModelLibrary;
  readonly clock: SimClock;
  readonly store: ModelStore;
  readonly requests: string[];
  readonly variant: (id: string) => LibraryVariant;
}

async function open({ store = createMemoryStore(), room = 1e9, status = 200 } = {}): Promise<Scene> {
  const clock = new SimClock();
  const requests: string[] = [];
  const library = await ModelLibrary.open({
    shelf: shelf(),
    lasting: true,
    estimate: async () => ({ usage: 5, quota: room + 5 }),
    persisted: async () => true,
    downloads: {
      clock,
      store,
      random: { bytes: (length) => new Uint8Array(length) },
      exclude: (_, __, run) => run(),
      onNetwork: () => () => {},
      room: async () => room,
      fetch: async ({ pathname }, { headers }) => {
        const path = pathname.replace('/tiny/', '');
        const at = Number(/\d+/.exec(headers['range'] ?? '')?.[0] ?? 0);
        requests.push(`${path} ${at}`);
        if (status !== 200) return new Response(null, { status });
        // Half of what is missing, and then a cut.
        const rest = contents[path]!.slice(at);
        const part = rest.slice(0, Math.ceil(rest.length / 2));
        return new Response(part, {
          status: at > 0 ? 206 : 200,
          headers: { 'content-length': String(rest.length) },
        });
      },
    },
  });
  const variant = (id: string): LibraryVariant =>
    library
      .status()
      .models.flatMap(({ variants }) => variants)
      .find((one) => one.id === id)!;
  return { library, clock, store, requests, variant };
}

/** As long as it takes, a second at a time. */
async function until(clock: SimClock, done: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !done(); i++) await clock.advance(1_000);
  expect(done()).toBe(true);
}

describe('ModelLibrary', () => {
  it('downloads one after the other, and fetches a shared file once', async () => {
    const { library, clock, variant, requests } = await open();
    library.download('tiny-fp32');
    library.download('tiny-q4');
    expect([variant('tiny-fp32').transfer?.name, variant('tiny-q4').transfer?.name]).toEqual([
      'queued',
      'queued',
    ]);
    await until(clock, () => variant('tiny-fp32').transfer?.name === 'active');
    expect(variant('tiny-q4').transfer?.name).toBe('queued');
    await until(clock, () => variant('tiny-q4').state === 'kept' && !variant('tiny-q4').transfer);
    expect(variant('tiny-fp32')).toMatchObject({
      state: 'kept',
      bytes: size('model.onnx') + size('tokenizer.json'),
      frees: size('model.onnx'),
    });
    expect(requests.filter((line) => line === 'tokenizer.json 0')).toHaveLength(1);
    expect(library.status().storage).toMatchObject({ models: 752, strays: 0, usage: 5, persisted: true });
  });

  it('pauses, and goes on where it was, also in a later visit', async () => {
    const first = await open();
    first.library.download('tiny-fp32');
    await until(first.clock, () => first.variant('tiny-fp32').transfer?.name === 'active');
    await first.clock.advance(0);
    await first.library.pause('tiny-fp32');
    const { state, bytes } = first.variant('tiny-fp32');
    expect(state).toBe('part');
    expect(bytes).toBeGreaterThan(0);
    expect(first.variant('tiny-fp32').transfer).toBeUndefined();
    const second = await open({ store: first.store });
    expect(second.variant('tiny-fp32')).toMatchObject({ state: 'part', bytes });
    // The shared tokenizer alone begins no download.
    expect(second.variant('tiny-q4').state).toBe('absent');
    second.library.download('tiny-fp32');
    await until(second.clock, () => second.variant('tiny-fp32').state === 'kept');
    expect(second.requests).not.toContain('model.onnx 0');
  });

  it('deletes a model and leaves what another one needs', async () => {
    const { library, clock, variant, store } = await open();
    library.download('tiny-fp32');
    library.download('tiny-q4');
    await until(clock, () => variant('tiny-q4').state === 'kept' && !variant('tiny-q4').transfer);
    await library.remove('tiny-fp32');
    expect(variant('tiny-fp32')).toMatchObject({ state: 'absent', bytes: 0 });
    expect(variant('tiny-q4').state).toBe('kept');
    await library.remove('tiny-q4');
    expect(await store.list()).toEqual([]);
  });

  it('deletes what no model of the catalogue has, and nothing else', async () => {
    const { library, clock, variant, store } = await open();
    library.download('tiny-q4');
    await until(clock, () => variant('tiny-q4').state === 'kept');
    const stray = await store.openPartial('ee'.repeat(32));
    await stray.append(new Uint8Array(77));
    await stray.close();
    await library.refresh();
    expect(library.status().storage.strays).toBe(77);
    await library.removeStrays();
    expect(library.status().storage.strays).toBe(0);
    expect(variant('tiny-q4').state).toBe('kept');
  });

  it('says before it fetches anything how much room is missing', async () => {
    const { library, clock, variant, requests } = await open({ room: 100 });
    library.download('tiny-fp32');
    await until(clock, () => variant('tiny-fp32').transfer?.name === 'failed');
    const needed = size('model.onnx') + size('tokenizer.json');
    expect(variant('tiny-fp32').transfer).toMatchObject({
      error: {
        code: 'storage_full',
        data: { needed, room: 100, short: needed - 100 },
        cure: expect.any(String),
      },
    });
    expect(requests).toEqual([]);
  });

  it('names what went wrong, goes on with the next, and tries again when asked', async () => {
    const { library, clock, variant } = await open({ status: 404 });
    library.download('tiny-fp32');
    library.download('tiny-q4');
    await until(clock, () => variant('tiny-q4').transfer?.name === 'failed');
    expect(variant('tiny-fp32').transfer).toMatchObject({
      error: { code: 'model_file_missing', data: { file: 'model.onnx' } },
    });
    library.download('tiny-fp32');
    expect(variant('tiny-fp32').transfer?.name).toBe('queued');
  });

  it('knows what it can’t offer, and refuses what it does not know', async () => {
    const { library } = await open();
    const [, later, web] = library.status().models;
    expect(later).toMatchObject({ obstacle: 'unpinned', repository: 'https://example.org/later' });
    expect(web).toMatchObject({ obstacle: 'engine' });
    expect(() => library.download('later-q4')).toThrow(expect.objectContaining({ code: 'model_unknown' }));
  });
});
