import { cpus } from 'node:os';
import * as ort from 'onnxruntime-node';
import { createServer } from 'vite';
import { launchBrowser } from '../scripts/chromium.ts';
import { createOnnxEngine } from '../src/engine/onnx/onnx-engine.ts';
import { parseManifest } from '../src/protocol/wire/model-manifest.ts';
import { readFile } from 'node:fs/promises';
import type { Benchmark, BenchmarkContext, BenchmarkResult } from './benchmark.ts';
import { type EngineLoad, measureEngine } from './engine/measure-engine.ts';
import type { PageOrder, PageResult } from './engine/page.ts';

const BACKENDS = ['webgpu', 'wasm', 'cpu'] as const;
type Name = (typeof BACKENDS)[number];

const STREAMS = [1, 2, 4, 8];
const FAST: EngineLoad = { streams: STREAMS, tokens: 200, steps: 60 };
/** A step takes 0.2 s and more on the software adapter. */
const SLOW: EngineLoad = { streams: STREAMS, tokens: 10, steps: 8 };

/** The engine alone, without worker, socket and relay, on each backend. The JSON is the first backend's. */
export const benchmark: Benchmark = {
  name: 'engine',
  description:
    'tokens/s and ms per phase of the bare engine, by backend (--backend, --adapter, --model, --variant)',
  run: runEngine,
};

async function runEngine({ options, tell, signal }: BenchmarkContext): Promise<BenchmarkResult> {
  const text = (name: string, otherwise: string): string => {
    const value = options[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const chosen = text('backend', 'all');
  const model = text('model', 'shakespeare-1m');
  const variant = text('variant', 'fp32');
  const adapter = text('adapter', 'software') === 'machine' ? 'machine' : 'software';
  const results = new Map<Name, PageResult>();
  for (const backend of BACKENDS) {
    if (chosen !== 'all' && chosen !== backend) continue;
    signal.throwIfAborted();
    tell(`${model} ${variant} on ${backend}`);
    const load = backend === 'webgpu' && adapter === 'software' ? SLOW : FAST;
    const order = { model, variant, slots: Math.max(...STREAMS), load };
    const result =
      backend === 'cpu'
        ? await measureHere(order, tell)
        : await measureInBrowser({ ...order, backend }, adapter, tell, signal);
    results.set(backend, result);
  }
  const [first] = results.values();
  if (!first) throw new Error(`There is no backend "${chosen}": there are ${BACKENDS.join(', ')} and all.`);
  return {
    table: [...results].map(([backend, result]) => rowOf(backend, result)),
    json: { ...first, model, variant, backends: Object.fromEntries(results) },
  };
}

async function measureHere(
  { model, variant, slots, load }: Omit<PageOrder, 'backend'>,
  tell: (line: string) => void,
): Promise<PageResult> {
  const folder = new URL(`../public/models/${model}/`, import.meta.url);
  const manifest = parseManifest(await readFile(new URL('manifest.json', folder)));
  const graph = await readFile(new URL(manifest.variants[variant]!.graph, folder));
  const engine = await createOnnxEngine({ runtime: { backend: 'cpu', ort }, manifest, graph, slots });
  const measures = await measureEngine(engine, load, tell);
  await engine.close();
  return { device: cpus()[0]?.model ?? 'a processor', software: true, ...measures };
}

async function measureInBrowser(
  order: PageOrder,
  adapter: 'machine' | 'software',
  tell: (line: string) => void,
  signal: AbortSignal,
): Promise<PageResult> {
  const server = await createServer({
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', hmr: false },
  });
  const browser = await launchBrowser({ adapter });
  const close = (): void => void browser.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await server.listen();
    const page = await browser.newPage();
    page.on('console', (message) => tell(message.text()));
    await page.goto(new URL('bench/engine/page.html', server.resolvedUrls!.local[0]).href);
    await page.waitForFunction(() => 'measure' in globalThis);
    return await page.evaluate(
      (asked) => (globalThis as unknown as { measure(order: PageOrder): Promise<PageResult> }).measure(asked),
      order,
    );
  } finally {
    signal.removeEventListener('abort', close);
    await browser.close();
    await server.close();
  }
}

function rowOf(backend: Name, result: PageResult): Record<string, string | number> {
  const { tokensPerSecond, stepMs, stepMsAtPosition: at } = result;
  const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
  return {
    backend,
    device: result.device,
    ...Object.fromEntries(STREAMS.map((count) => [`tok/s x${count}`, round(tokensPerSecond[count]!)])),
    'step ms x1': round(stepMs[1]!, 2),
    'step ms x8': round(stepMs[8]!, 2),
    'prefill ms/token': round(result.prefillMsPerToken, 2),
    'longest piece ms': round(result.prefillPieceMs),
    'at 900 / at 100': round(at[900] / at[100], 2),
    'outside run %': round(100 * result.outsideRunShare),
    'bytes/token': result.readBackBytesPerToken,
  };
}
