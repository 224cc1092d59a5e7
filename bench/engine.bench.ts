import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import * as ort from 'onnxruntime-node';
import { createServer } from 'vite';
import { launchBrowser } from '../scripts/chromium.ts';
import { createOnnxEngine } from '../src/engine/onnx/onnx-engine.ts';
import type { Benchmark, BenchmarkContext, BenchmarkResult } from './benchmark.ts';
import { ADAPTER_RULE, adapterOf } from './browser-pages.ts';
import { loadBenchModel, NARROW, SYNTHETIC } from './engine/bench-model.ts';
import type { EngineLoad } from './engine/measure-engine.ts';
import { measureModel } from './engine/measure-model.ts';
import type { PageOrder, PageResult } from './engine/page.ts';
import type { Row } from './table.ts';

const BACKENDS = ['webgpu', 'wasm', 'cpu'] as const;
type Name = (typeof BACKENDS)[number];

const STREAMS = [1, 2, 4, 8, 16];
const FAST: EngineLoad = { streams: STREAMS, tokens: 150, rounds: 3, steps: 60, prompt: 900 };
/** On the software adapter a step takes a hundred times as long. */
const SLOW: EngineLoad = { streams: STREAMS, tokens: 16, rounds: 3, steps: 12, prompt: 900 };
/** With a vocabulary of 150,000 a step takes a hundred times as long again. */
const LARGE: EngineLoad = { streams: STREAMS, tokens: 6, rounds: 2, steps: 4, prompt: 120 };
const LARGE_SLOW: EngineLoad = { streams: STREAMS, tokens: 4, rounds: 2, steps: 3, prompt: 120 };

/** The engine alone, without worker, socket and relay, on each backend. The JSON is the first backend's. */
export const benchmark: Benchmark = {
  name: 'engine',
  description:
    'tokens/s and ms per phase of the bare engine, by backend; --model=synthetic has a large vocabulary',
  options: { backend: [...BACKENDS, 'all'], adapter: ADAPTER_RULE, model: 'text', variant: 'text' },
  run: runEngine,
};

async function runEngine(context: BenchmarkContext): Promise<BenchmarkResult> {
  const { options, tell, signal } = context;
  const text = (name: string, otherwise: string): string => {
    const value = options[name];
    return typeof value === 'string' ? value : otherwise;
  };
  const chosen = text('backend', 'all');
  const model = text('model', 'shakespeare-1m');
  const variant = model === SYNTHETIC ? 'q4' : text('variant', 'fp32');
  const adapter = adapterOf(context);
  const results = new Map<Name, PageResult>();
  for (const backend of BACKENDS) {
    if (chosen !== 'all' && chosen !== backend) continue;
    signal.throwIfAborted();
    tell(`${model} ${variant} on ${backend}`);
    const isSlow = backend === 'webgpu' && adapter === 'software';
    const isLarge = model === SYNTHETIC;
    const load = isLarge ? (isSlow ? LARGE_SLOW : LARGE) : isSlow ? SLOW : FAST;
    const order = { model: isLarge && isSlow ? NARROW : model, variant, load };
    const result =
      backend === 'cpu'
        ? await measureHere(order, tell)
        : await measureInBrowser({ ...order, backend }, adapter, tell, signal);
    results.set(backend, result);
  }
  const [first] = results.values();
  return {
    table: [...results].map(([backend, result]) => rowOf(backend, result)),
    json: { ...first, model, variant, backends: Object.fromEntries(results) },
  };
}

async function measureHere(
  { model, variant, load }: Omit<PageOrder, 'backend'>,
  tell: (line: string) => void,
): Promise<PageResult> {
  const folder = new URL(`../public/models/${model}/`, import.meta.url);
  const parts = await loadBenchModel(model, variant, (path) => readFile(new URL(path, folder)));
  const measures = await measureModel(
    (options) => createOnnxEngine({ runtime: { backend: 'cpu', ort }, ...parts, ...options }),
    load,
    tell,
  );
  return { device: cpus()[0]?.model ?? 'a processor', ...measures };
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

function rowOf(backend: Name, result: PageResult): Row {
  const { tokensPerSecond, stepMs, stepMsAtPosition: at, stall, fairness, firstTokenMs } = result;
  const round = (value: number, digits = 1): number => Number(value.toFixed(digits));
  return {
    backend,
    device: result.device,
    ...Object.fromEntries(
      Object.entries(tokensPerSecond).map(([count, rate]) => [`tok/s x${count}`, round(rate)]),
    ),
    'step ms x1': round(stepMs[1]!, 2),
    'step ms x8': round(stepMs[8]!, 2),
    'outside run %': round(100 * result.outsideRunShare),
    'bytes/token': result.readBackBytesPerToken,
    'prefill ms/token': round(result.prefillMsPerToken, 2),
    'late / early': round(at.late / at.early, 2),
    'worst gap ms': round(stall.pieces.worstGapMs),
    'at one go': round(stall.whole.worstGapMs),
    'short prompt ms': round(fairness.aloneMs),
    'behind two': round(fairness.behindMs),
    'first token ms': round(firstTokenMs.first),
    later: round(firstTokenMs.later),
  };
}
