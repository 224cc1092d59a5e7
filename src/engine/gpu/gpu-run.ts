/** A compute pipeline with its buffers bound, ready to be dispatched. */
export interface GpuRun {
  readonly pipeline: GPUComputePipeline;
  readonly bindings: GPUBindGroup;
}

export async function prepareRun(
  device: GPUDevice,
  code: string,
  buffers: readonly GPUBuffer[],
  constants: Record<string, number> = {},
): Promise<GpuRun> {
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, entryPoint: 'main', constants },
  });
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return { pipeline, bindings };
}

/** Reads a buffer's beginning back. */
export async function readBuffer(device: GPUDevice, from: GPUBuffer, bytes: number): Promise<ArrayBuffer> {
  const copy = device.createBuffer({ size: bytes, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(from, 0, copy, 0, bytes);
  device.queue.submit([commands.finish()]);
  await copy.mapAsync(GPUMapMode.READ);
  const read = copy.getMappedRange().slice();
  copy.destroy();
  return read;
}

/**
 * Times dispatches: by the GPU's own clock where it has one that moved, else by the time until the work is done, which
 * has the way there and back in it.
 */
export class GpuTimer {
  readonly #device: GPUDevice;
  readonly #now: () => number;
  readonly #stamps: { readonly set: GPUQuerySet; readonly buffer: GPUBuffer } | undefined;

  constructor(device: GPUDevice, now: () => number) {
    this.#device = device;
    this.#now = now;
    if (!device.features.has('timestamp-query')) return;
    const { QUERY_RESOLVE, COPY_SRC } = GPUBufferUsage;
    this.#stamps = {
      set: device.createQuerySet({ type: 'timestamp', count: 2 }),
      buffer: device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SRC }),
    };
  }

  /** Milliseconds of `times` dispatches in one pass. */
  async time({ pipeline, bindings }: GpuRun, groups: readonly [number, number], times = 1): Promise<number> {
    const stamps = this.#stamps;
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass(
      stamps
        ? { timestampWrites: { querySet: stamps.set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }
        : {},
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    for (let i = 0; i < times; i++) pass.dispatchWorkgroups(groups[0], groups[1]);
    pass.end();
    if (stamps) commands.resolveQuerySet(stamps.set, 0, 2, stamps.buffer, 0);
    const began = this.#now();
    this.#device.queue.submit([commands.finish()]);
    await this.#device.queue.onSubmittedWorkDone();
    const wall = this.#now() - began;
    if (!stamps) return wall;
    const [from, to] = new BigUint64Array(await readBuffer(this.#device, stamps.buffer, 16));
    const ms = Number(to! - from!) / 1e6;
    // Clocks that are coarse or stand still are known; one that runs ahead of the wall is none.
    return ms > 0 && ms <= wall + 1 ? ms : wall;
  }
}
