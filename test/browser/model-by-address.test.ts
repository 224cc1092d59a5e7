/** A tab loads any model by the address of its manifest. */
import { afterAll, afterEach, expect, it, vi } from 'vitest';
import { createBrowserEngineSource } from '../../src/provider/compute/browser-engine-source.ts';

const manifest = new URL('/models/shakespeare-1m/manifest.json', location.href).href;
const worker = new Worker(new URL('./model-by-address.worker.ts', import.meta.url), { type: 'module' });

function load(model: string): Promise<unknown> {
  return new Promise((resolve) => {
    worker.addEventListener('message', ({ data }) => resolve(data), { once: true });
    worker.postMessage(model);
  });
}

afterEach(() => vi.restoreAllMocks());
afterAll(() => worker.terminate());

it('F1 by its variant, or by the one that runs everywhere', async () => {
  expect(await load(`${manifest}#fp32`)).toEqual({ id: 'shakespeare-1m-fp32', vocab: 2048 });
  expect(await load(manifest)).toEqual({ id: 'shakespeare-1m-q4', vocab: 2048 });
  expect(await load(`${manifest}#q8`)).toEqual({ code: 'model_unknown' });
  expect(await load('https://models.invalid/manifest.json')).toEqual({ code: 'download_failed' });
});

it('F3 is refused for half precision before anything is downloaded', async () => {
  const real = await (await fetch(manifest)).json();
  const half = { ...real, variants: { fp16: { ...real.variants.fp32, dtype: 'fp16' } } };
  const address = 'http://models.example/manifest.json';
  const asked: string[] = [];
  const forward = globalThis.fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    asked.push(String(input instanceof Request ? input.url : input));
    return asked.at(-1) === address ? Promise.resolve(Response.json(half)) : forward(input, init);
  });
  const source = createBrowserEngineSource(new URL('/', location.href));
  const order = { model: address, backend: 'webgpu', slots: 1, allowSoftware: true, memoryBytes: 0 } as const;
  const loading = source.load(order, () => {}, new AbortController().signal);
  await expect(loading).rejects.toMatchObject({ code: 'f16_missing' });
  expect(asked.filter((url) => url.includes('.onnx'))).toEqual([]);
});
