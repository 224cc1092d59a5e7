import type { ModelFit } from '../src/provider/compute/model-fit.ts';
import type { Benchmark } from './benchmark.ts';
import { ADAPTER_RULE, adapterOf, withPages } from './browser-pages.ts';
import type { GpuResult } from './gpu/page.ts';

const SLOTS = 4;

/** What the page says of a GPU, in figures: what it is, what it does, and what each model should give on it. */
export const benchmark: Benchmark = {
  name: 'gpu',
  description: 'what this GPU can do: arithmetic, memory, and what to expect of each model',
  options: { adapter: ADAPTER_RULE },
  async run(context) {
    const { gpu, measures, fits } = await withPages(context, async (open) => {
      const page = await open('bench/gpu/page.html');
      await page.waitForFunction(() => 'measure' in globalThis);
      return page.evaluate(
        (slots) => (globalThis as unknown as { measure(slots: number): Promise<GpuResult> }).measure(slots),
        SLOTS,
      );
    });
    context.tell(
      `${gpu.name} (${gpu.gpuClass}): ${measures.gflops.toFixed(2)} GFLOP/s, ` +
        `${measures.gigabytesPerSecond.toFixed(2)} GB/s, ${measures.dispatchMicros.toFixed(1)} µs a dispatch, ` +
        `in ${Math.round(measures.ms)} ms`,
    );
    return {
      table: fits.map((fit) => rowOf(fit)),
      json: { name: 'gpu', device: gpu.name, adapter: adapterOf(context), gpu, measures, fits },
    };
  },
};

function rowOf({ id, needBytes, fits, obstacle, speed }: ModelFit): Record<string, string | number> {
  const rate = (streams: number): number => Number((speed?.tokensPerSecond[streams] ?? 0).toFixed(1));
  return {
    model: id,
    'needs MB': Math.round(needBytes / 1e6),
    fits: obstacle ? `${fits}: ${obstacle}` : fits,
    'tok/s x1': rate(1),
    [`tok/s x${SLOTS}`]: rate(SLOTS),
    'prompt tok/s': Math.round(speed?.prefillPerSecond ?? 0),
  };
}
