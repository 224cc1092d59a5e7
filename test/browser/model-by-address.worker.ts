/** Loads a model on wasm as a tab's worker does, and tells what came of it. Only a worker may write model files. */
import { errorBody } from '../../src/core/errors.ts';
import { createBrowserEngineSource } from '../../src/provider/compute/browser-engine-source.ts';

async function load(model: string): Promise<void> {
  try {
    const source = createBrowserEngineSource(new URL('/', location.href));
    const order = { model, backend: 'wasm', slots: 1, allowSoftware: true, memoryBytes: 0 } as const;
    const loaded = await source.load(order, () => {}, new AbortController().signal);
    await loaded.engine?.close();
    postMessage({ id: loaded.model?.offer.id, vocab: loaded.engine?.capabilities.vocab });
  } catch (error) {
    postMessage({ code: errorBody(error).code });
  }
}

addEventListener('message', ({ data }: MessageEvent<string>) => void load(data));
