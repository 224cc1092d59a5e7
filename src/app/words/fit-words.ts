import type { GpuReport } from '../../provider/compute/engine-source.ts';
import type { LibraryVariant } from '../../provider/models/library-model.ts';
import type { ModelFit } from '../../provider/compute/model-fit.ts';
import { describeFit as describeGpuFit } from './gpu-words.ts';
import { describeBytes } from './quantities.ts';

/** Whether a model is for this machine: a tone for the colour, and words that say it without one. */
export interface FitWords {
  readonly tone: 'good' | 'warning' | 'bad' | 'quiet';
  readonly text: string;
}

/** What the machine would compute with. */
export interface Machine {
  readonly backend: 'webgpu' | 'wasm';
  readonly gpu: GpuReport | undefined;
  /** Bytes of GPU memory that may be used; missing where nobody knows. */
  readonly memoryBytes?: number | undefined;
}

/** What was found, within what its owner allows. @param settings `memoryBytes`: 0 where all may be used */
export function machineOf(
  { backend, memoryBytes }: Pick<Machine, 'backend'> & { readonly memoryBytes: number },
  gpu: GpuReport | undefined,
): Machine {
  const { memory } = gpu?.details ?? {};
  return { backend, gpu, memoryBytes: memoryBytes || (memory?.known ? memory.bytes : undefined) };
}

/** Above this share of the memory there is, a model leaves no room for its streams. */
const TIGHT = 0.8;

export function describeFit(
  { f16, memoryBytes, downloadBytes }: Pick<LibraryVariant, 'f16' | 'memoryBytes' | 'downloadBytes'>,
  { backend, gpu, memoryBytes: there }: Machine,
): FitWords | undefined {
  if (backend === 'wasm') {
    return f16 ? { tone: 'bad', text: 'Needs a GPU' } : { tone: 'quiet', text: 'Runs on the CPU' };
  }
  if (!gpu) return undefined;
  if (!gpu.webgpu) return { tone: 'bad', text: 'Needs a GPU' };
  if (f16 && gpu.details?.halfPrecision === false)
    return { tone: 'bad', text: 'Needs half precision, which this GPU lacks' };
  // Weights alone are a lower bound of what a model needs.
  const least = memoryBytes ?? downloadBytes;
  if (there === undefined || least === undefined) return undefined;
  if (least > there) return { tone: 'bad', text: `Too large for ${describeBytes(there)}` };
  if (memoryBytes === undefined) return undefined;
  return least > there * TIGHT
    ? { tone: 'warning', text: 'Just fits' }
    : { tone: 'good', text: 'Fits this GPU' };
}

/** The same of a model that can be had: its manifest and the GPU’s limits say more than the catalogue. */
export function describeExactFit(fit: ModelFit): FitWords {
  const { tone, verdict, reason } = describeGpuFit(fit);
  if (fit.fits === 'yes') return { tone: 'good', text: 'Fits this GPU' };
  return { tone: tone === 'unsure' ? 'warning' : 'bad', text: `${verdict}: ${reason}` };
}

/** `135M`, `1.7B`. */
export function describeParameters(count: number): string {
  const [value, unit] = count >= 1e9 ? [count / 1e9, 'B'] : [count / 1e6, 'M'];
  return `${value < 10 ? Number(value.toFixed(1)) : Math.round(value)}${unit}`;
}

/** `1,024`, `8k`, `128k`: contexts are powers of two. */
export function describeContext(tokens: number): string {
  return tokens % 1024 === 0 && tokens > 1024 ? `${tokens / 1024}k` : tokens.toLocaleString('en');
}

/** What a variant's short name means. */
export function describeVariant(variant: string): string {
  const words: Readonly<Record<string, string>> = {
    fp32: 'full precision',
    fp16: 'half precision',
    q4: '4-bit weights',
    q4f16: '4-bit weights, half precision',
    q4f16_1: '4-bit weights, half precision',
  };
  return words[variant] ?? variant;
}
