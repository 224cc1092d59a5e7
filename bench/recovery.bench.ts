import { readFile } from 'node:fs/promises';
import type { Page, Worker } from 'playwright-core';
import { build } from 'vite';
import { launchBrowser } from '../scripts/chromium.ts';
import { streamChat } from '../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../scripts/network/local-network.ts';
import type { LenderStatus } from '../src/provider/compute/lender-status.ts';
import type { Benchmark } from './benchmark.ts';
import { ADAPTER_RULE, adapterOf } from './browser-pages.ts';
import { median, quantile } from './quantile.ts';

const MODEL = 'shakespeare-1m-fp32';
const STREAMS = 2;
const WAIT_MS = 120_000;

interface Loss {
  /** Until the tab takes jobs again, in ms. */
  readonly recoveredMs: number;
  /** Of the worker's WebAssembly, afterwards. */
  readonly heapMb: number;
  /** Of the page's process, afterwards. */
  readonly processMb: number;
}

/** In the tab's worker, put there by `spy`. */
interface Spied {
  readonly devices: GPUDevice[];
  readonly memories: WebAssembly.Memory[];
}

/** A real tab whose GPU is taken away again and again under load: how soon it is back, and what it leaves in memory. */
export const benchmark: Benchmark = {
  name: 'recovery',
  description: 'a lending tab that loses its GPU 20 times under load',
  options: { adapter: ADAPTER_RULE, losses: 'count', model: 'text' },
  async run(context) {
    const { options, tell } = context;
    const count = Number(options['losses'] ?? 20);
    const model = typeof options['model'] === 'string' ? options['model'] : MODEL;
    await build({ logLevel: 'error' });
    const network = await LocalNetwork.start({ model, backend: 'webgpu', slots: STREAMS });
    const browser = await launchBrowser({ adapter: adapterOf(context) });
    try {
      const page = await browser.newPage({ reducedMotion: 'reduce' });
      const worker = await openTab(page, network.server.url, model);
      await taking(page, 0);
      const question = { model, prompt: 'Who goes there?', maxTokens: 12, temperature: 0 };
      const before = await streamChat(network.api, question);
      const load = keepBusy(network.api, model);
      const losses: Loss[] = [];
      for (let i = 0; i < count && !context.signal.aborted; i++) {
        losses.push(await loseDevice(page, worker, i + 1));
        tell(`${i + 1}/${count}: ${JSON.stringify(losses.at(-1))}`);
      }
      await load.stop();
      const after = await streamChat(network.api, question);
      const sound = after.ids.join() === before.ids.join() && after.finish === before.finish;
      return resultOf(losses, sound, { model, adapter: adapterOf(context) });
    } finally {
      await browser.close();
      await network.close();
    }
  },
};

async function openTab(page: Page, url: string, model: string): Promise<Worker> {
  const workers: Worker[] = [];
  page.on('worker', (worker) => workers.push(worker));
  await page.goto(`${url}/?model=${model}&backend=webgpu&slots=${STREAMS}&software=allow&profile=lost`);
  // It can be pressed once the worker has answered.
  await page.getByRole('button', { name: 'Start lending', disabled: false }).waitFor();
  const worker = workers.find((candidate) => candidate.url().includes('compute'));
  if (!worker) throw new Error('The page has no worker that computes.');
  await worker.evaluate(spy);
  await page.getByRole('button', { name: 'Start lending' }).click();
  return worker;
}

/** Runs in the worker, before it opens a device or starts any WebAssembly. */
function spy(): void {
  const [devices, memories]: [GPUDevice[], WebAssembly.Memory[]] = [[], []];
  type Request = (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) => Promise<GPUDevice>;
  const adapters = GPUAdapter.prototype as unknown as { requestDevice: Request };
  const request = adapters.requestDevice;
  adapters.requestDevice = async function (descriptor) {
    const device = await request.call(this, descriptor);
    devices.push(device);
    return device;
  };
  const Memory = WebAssembly.Memory;
  WebAssembly.Memory = new Proxy(Memory, {
    construct(target, given: ConstructorParameters<typeof Memory>) {
      const memory = new target(...given);
      memories.push(memory);
      return memory;
    },
  });
  for (const name of ['instantiate', 'instantiateStreaming'] as const) {
    const real = WebAssembly[name] as (...given: unknown[]) => Promise<object>;
    Object.assign(WebAssembly, {
      async [name](...given: unknown[]) {
        const result = await real(...given);
        const { exports } =
          'instance' in result ? (result.instance as WebAssembly.Instance) : (result as WebAssembly.Instance);
        for (const value of Object.values(exports)) if (value instanceof Memory) memories.push(value);
        return result;
      },
    });
  }
  Object.assign(globalThis, { spied: { devices, memories } });
}

async function loseDevice(page: Page, worker: Worker, n: number): Promise<Loss> {
  await page.waitForFunction(
    () => {
      const status = (globalThis as unknown as { afterglow: { status?: LenderStatus } }).afterglow.status;
      return status?.state.name === 'serving' && status.streams.some(({ tokens }) => tokens > 0);
    },
    undefined,
    { timeout: WAIT_MS },
  );
  await worker.evaluate(() => (globalThis as unknown as { spied: Spied }).spied.devices.at(-1)?.destroy());
  const began = performance.now();
  await taking(page, n);
  const recoveredMs = performance.now() - began;
  const heap = await worker.evaluate(() => {
    const { memories } = (globalThis as unknown as { spied: Spied }).spied;
    return [...new Set(memories)].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  });
  return { recoveredMs, heapMb: heap / 2 ** 20, processMb: await processMb(page) };
}

/** Waits until the tab takes jobs, after so many recoveries. */
async function taking(page: Page, recoveries: number): Promise<void> {
  const state = await page.waitForFunction(
    (wanted) => {
      const status = (globalThis as unknown as { afterglow: { status?: LenderStatus } }).afterglow.status;
      const { name } = status?.state ?? { name: 'idle' };
      if (name === 'error') return status?.state;
      return (name === 'waiting' || name === 'serving') && status?.recoveries === wanted && status?.state;
    },
    recoveries,
    { timeout: WAIT_MS },
  );
  const value = (await state.jsonValue()) as LenderStatus['state'];
  if (value.name === 'error') throw new Error(`The tab gave up: ${value.error.code}`);
}

/** Resident memory of the page's process. Linux only; 0 elsewhere. */
async function processMb(page: Page): Promise<number> {
  const session = await page.context().browser()!.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  const renderer = processInfo
    .filter(({ type }) => type === 'renderer')
    .toSorted((a, b) => b.cpuTime - a.cpuTime)[0];
  const status = await readFile(`/proc/${renderer?.id}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
}

/** Asks for one answer after the other, as many at once as there are slots; those that fail on the way are expected. */
function keepBusy(api: string, model: string): { stop(): Promise<void> } {
  const stop = new AbortController();
  const ask = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const order = {
        model,
        prompt: 'Speak of love.',
        maxTokens: 400,
        temperature: 0.9,
        signal: stop.signal,
      };
      await streamChat(api, order).catch(() => new Promise((resolve) => setTimeout(resolve, 200)));
    }
  };
  const asking = Promise.all(Array.from({ length: STREAMS }, ask));
  return {
    async stop() {
      stop.abort();
      await asking;
    },
  };
}

function resultOf(losses: readonly Loss[], sound: boolean, about: Readonly<Record<string, unknown>>) {
  const round = (value: number): number => Number(value.toFixed(1));
  const times = losses.map(({ recoveredMs }) => recoveredMs);
  const [first, last] = [losses[0], losses.at(-1)];
  const summary = {
    losses: losses.length,
    sound,
    recoveredP50Ms: round(median(times)),
    recoveredMaxMs: round(quantile(times, 1)),
    heapFirstMb: round(first?.heapMb ?? 0),
    heapLastMb: round(last?.heapMb ?? 0),
    processFirstMb: round(first?.processMb ?? 0),
    processLastMb: round(last?.processMb ?? 0),
  };
  const answers = sound ? 'as before' : 'DIFFERENT';
  const { sound: _, ...figures } = summary;
  return {
    table: [{ ...figures, 'answer afterwards': answers }],
    json: { name: 'recovery', ...about, ...summary, each: losses },
  };
}
