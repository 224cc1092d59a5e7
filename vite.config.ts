import { defineConfig } from 'vite';

/**
 * The page and its workers. Workers are started as `new Worker(new URL('…/workers/NAME.worker.ts', import.meta.url),
 * { type: 'module' })`, which is how vite finds them.
 *
 * onnxruntime-web's WebAssembly files need no rule of their own: each of its builds names its file by
 * `new URL('….wasm', import.meta.url)`, so only the builds that are imported (dynamically: `/jspi`, `/wasm`) put their
 * file into `dist/assets`, under a hashed name. Bundling the package ahead of time in development would break that
 * address, hence `exclude`.
 */
export default defineConfig({
  // No fallback to index.html: a missing *.wasm must be a 404, not a page that is then compiled as WebAssembly.
  appType: 'mpa',
  build: { target: 'es2023', assetsInlineLimit: 0, chunkSizeWarningLimit: 200 },
  worker: { format: 'es' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  optimizeDeps: { exclude: ['onnxruntime-web'] },
});
