import { abortError, CodedError } from '../../core/errors.ts';
import {
  FILL_SIDE,
  fillShader,
  idleShader,
  leftValue,
  matmulShader,
  matricesShader,
  PRODUCT_SIDE,
  READERS,
  readShader,
  rightValue,
  wordSum,
} from '../kernels/benchmark-shaders.ts';
import { GpuTimer, prepareRun, readBuffer } from './gpu-run.ts';

/** What a GPU was measured to do. */
export interface GpuMeasures {
  /** Multiplying matrices, in 10^9 operations a second. A plain kernel: a library's gets more. */
  readonly gflops: number;
  /** Reading memory, in 10^9 bytes a second. */
  readonly gigabytesPerSecond: number;
  /** One dispatch that does nothing, in µs. */
  readonly dispatchMicros: number;
  /** Side of the matrices, and bytes read, that it came to within the time. */
  readonly side: number;
  readonly bytes: number;
  /** Whether the GPU's own clock was at hand. */
  readonly timestamps: boolean;
  /** How long all of it took, in ms. */
  readonly ms: number;
}

export interface BenchmarkOptions {
  /** In ms, finer than one. */
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  /** When to have finished, about, in ms. */
  readonly budgetMs?: number;
}

const BUDGET_MS = 1_000;
/** A dispatch that is expected to take longer is not made: some systems kill what takes two seconds. */
const MOST_DISPATCH_MS = 150;
/** A measurement this long is good. */
const GOOD_MS = 12;
const [FIRST_SIDE, MOST_SIDE] = [128, 2048];
const MEBIBYTE = 2 ** 20;
const [FIRST_BYTES, MOST_BYTES] = [4 * MEBIBYTE, 512 * MEBIBYTE];
const REPEATS = 3;
const GROUPS = 1024;
const DISPATCHES = 64;

/**
 * Measures a device: sizes grow until a dispatch takes long enough to be timed, or the time is over. The results are
 * compared with what they must be, so that a GPU that computes wrongly is noticed.
 * @throws CodedError `gpu_miscomputes`, `device_lost`, `out_of_memory`, `aborted`
 */
export async function measureGpu(device: GPUDevice, options: BenchmarkOptions = {}): Promise<GpuMeasures> {
  const { now = () => performance.now(), signal, budgetMs = BUDGET_MS } = options;
  const began = now();
  const bench: Bench = { device, timer: new GpuTimer(device, now), signal, until: 0, now, buffers: [] };
  device.pushErrorScope('out-of-memory');
  try {
    const dispatchMicros = await measureDispatch(bench);
    bench.until = began + budgetMs / 2;
    const product = await measureMatmul(bench);
    bench.until = began + budgetMs;
    const reading = await measureReading(bench);
    return {
      gflops: product.rate,
      gigabytesPerSecond: reading.rate,
      dispatchMicros,
      side: product.size,
      bytes: reading.size,
      timestamps: device.features.has('timestamp-query'),
      ms: now() - began,
    };
  } finally {
    for (const buffer of bench.buffers) buffer.destroy();
    const failure = await device.popErrorScope().catch(() => null);
    // What was computed in memory that could not be had is worth nothing, whatever it looked like.
    if (failure) {
      // oxlint-disable-next-line no-unsafe-finally
      throw new CodedError('out_of_memory', 'The GPU has not enough memory to be measured.', {
        text: failure.message,
      });
    }
  }
}

interface Bench {
  readonly device: GPUDevice;
  readonly timer: GpuTimer;
  readonly signal: AbortSignal | undefined;
  readonly now: () => number;
  until: number;
  buffers: GPUBuffer[];
}

interface Measured {
  readonly size: number;
  /** In 10^9 a second. */
  readonly rate: number;
}

async function measureDispatch(bench: Bench): Promise<number> {
  const run = await prepareRun(bench.device, idleShader, [storage(bench, 4)]);
  await timed(bench, () => bench.timer.time(run, [1, 1]));
  return (1000 * (await timed(bench, () => bench.timer.time(run, [1, 1], DISPATCHES)))) / DISPATCHES;
}

async function measureMatmul(bench: Bench): Promise<Measured> {
  let best: Measured = { size: 0, rate: 0 };
  for (let n = FIRST_SIDE; n <= MOST_SIDE; n *= 2) {
    const { device } = bench;
    const bytes = 4 * n * n;
    if (bytes > device.limits.maxStorageBufferBindingSize) break;
    const [left, right, product] = [storage(bench, bytes), storage(bench, bytes), storage(bench, bytes)];
    const groups = [n / PRODUCT_SIDE, n / PRODUCT_SIDE] as const;
    const fill = await prepareRun(device, matricesShader, [left, right], { n });
    await timed(bench, () => bench.timer.time(fill, [n / FILL_SIDE, n / FILL_SIDE]));
    const run = await prepareRun(device, matmulShader, [left, right, product], { n });
    const ms = await fastest(bench, () => bench.timer.time(run, groups));
    best = { size: n, rate: Math.max(best.rate, (2 * n ** 3) / ms / 1e6) };
    const next = 8 * ms;
    if (
      ms >= GOOD_MS ||
      next > MOST_DISPATCH_MS ||
      bench.now() + 2 * next > bench.until ||
      2 * n > MOST_SIDE
    ) {
      checkProduct(n, new Float32Array(await readBuffer(device, product, bytes)));
      break;
    }
    drop(bench);
  }
  drop(bench);
  return best;
}

async function measureReading(bench: Bench): Promise<Measured> {
  const { device } = bench;
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const most = Math.min(MOST_BYTES, maxBufferSize, maxStorageBufferBindingSize);
  const threads = READERS * GROUPS;
  let best: Measured = { size: 0, rate: 0 };
  for (let bytes = FIRST_BYTES; bytes <= most; bytes *= 4) {
    const buffers = [storage(bench, bytes), storage(bench, 4 * threads)] as const;
    const fill = await prepareRun(device, fillShader, buffers, { threads });
    const filling = await timed(bench, () => bench.timer.time(fill, [GROUPS, 1]));
    const run = await prepareRun(device, readShader, buffers, { threads });
    const ms = await fastest(bench, () => bench.timer.time(run, [GROUPS, 1]));
    checkSum(bytes, new Uint32Array(await readBuffer(device, buffers[1], 4 * threads)));
    // The largest counts: what fits into a cache is read faster than any model will be.
    best = { size: bytes, rate: bytes / ms / 1e6 };
    const next = 4 * Math.max(ms, filling);
    drop(bench);
    if (ms >= GOOD_MS || next > MOST_DISPATCH_MS || bench.now() + 3 * next > bench.until) break;
  }
  return best;
}

/** The fastest of a few: whatever else happens on the machine only ever makes it slower. */
async function fastest(bench: Bench, run: () => Promise<number>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const ms = await timed(bench, run);
    best = Math.min(best, ms);
    if (i > 0 && bench.now() + ms > bench.until) break;
  }
  return Math.max(best, 1e-3);
}

async function timed({ device, signal }: Bench, run: () => Promise<number>): Promise<number> {
  if (signal?.aborted) throw abortError(signal);
  const lost = device.lost.then(({ message }): never => {
    throw new CodedError('device_lost', 'The GPU was lost.', { text: message });
  });
  return Promise.race([run(), lost]);
}

function storage(bench: Bench, size: number): GPUBuffer {
  const buffer = bench.device.createBuffer({
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  bench.buffers.push(buffer);
  return buffer;
}

function drop(bench: Bench): void {
  for (const buffer of bench.buffers) buffer.destroy();
  bench.buffers = [];
}

/** Compares cells all over the product with the sums that they must be. */
function checkProduct(n: number, product: Float32Array): void {
  for (let cell = 0; cell < 64; cell++) {
    const row = (cell * 37 + (cell >> 3)) % n;
    const column = (cell * 101 + 5) % n;
    let sum = 0;
    for (let i = 0; i < n; i++) sum += leftValue(row, i) * rightValue(i, column);
    if (product[row * n + column] !== sum) throw wrong('matmul', { n, row, column });
  }
}

/** Compares the sum of all words with what it must be, modulo 2^32. */
function checkSum(bytes: number, sums: Uint32Array): void {
  let found = 0;
  for (const sum of sums) found = (found + sum) >>> 0;
  if (found !== wordSum(bytes / 4)) throw wrong('reading', { bytes });
}

function wrong(what: string, data: Record<string, unknown>): CodedError {
  const message = 'This GPU computes wrongly: a result is not what it must be.';
  return new CodedError('gpu_miscomputes', message, { what, ...data });
}
