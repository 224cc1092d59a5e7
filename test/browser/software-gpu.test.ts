/** The ground that all browser tests stand on: WebGPU runs here, in a page and in a worker, on the software adapter. */
import { expect, test } from 'vitest';
import { squareOnGpu } from './square-on-gpu.ts';

const answer = { architecture: 'swiftshader', squares: [0, 1, 4, 9, 16, 25, 36, 49] };

test('a page runs a compute shader on SwiftShader', async () => {
  expect(await squareOnGpu(8)).toEqual(answer);
});

test('a dedicated worker does, too', async () => {
  const worker = new Worker(new URL('./square.worker.ts', import.meta.url), { type: 'module' });
  const answered = new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data));
    worker.addEventListener('error', reject);
  });
  worker.postMessage(8);
  expect(await answered).toEqual(answer);
  worker.terminate();
});

test.each(['onnxruntime-web/jspi', 'onnxruntime-web/wasm'])(
  '%s finds its WebAssembly file',
  async (build) => {
    const ort = build.endsWith('jspi')
      ? await import('onnxruntime-web/jspi')
      : await import('onnxruntime-web/wasm');
    ort.env.wasm.numThreads = 1;
    const notAModel = new Uint8Array([8, 10, 58, 1]);
    const provider = build.endsWith('jspi') ? 'webgpu' : 'wasm';
    // That it complains of the model shows that its WebAssembly runs.
    await expect(ort.InferenceSession.create(notAModel, { executionProviders: [provider] })).rejects.toThrow(
      /protobuf/,
    );
  },
);
