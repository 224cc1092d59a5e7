/** Threads of a workgroup, and the most workgroups: each thread widens as many words as are left to it. */
const LANES = 256;
const GROUPS_MAX = 2048;

/**
 * Half-precision logits as single-precision ones. By their bits, so that it needs no `shader-f16`, is exact, and leaves
 * infinities and NaN for the sampler to find.
 */
const shader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> halves: array<u32>;
@group(0) @binding(1) var<storage, read_write> floats: array<u32>;
@group(0) @binding(2) var<uniform> words: vec4u;

fn widen(half: u32) -> u32 {
  let sign = (half & 0x8000u) << 16u;
  let magnitude = half & 0x7fffu;
  if (magnitude >= 0x7c00u) { return sign | 0x7f800000u | ((magnitude & 0x3ffu) << 13u); }
  if (magnitude < 0x400u) { return sign | bitcast<u32>(f32(magnitude) * 5.9604644775390625e-8); }
  return sign | ((magnitude << 13u) + 0x38000000u);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < words.x; i += groups.x * ${LANES}u) {
    floats[2u * i] = widen(halves[i] & 0xffffu);
    floats[2u * i + 1u] = widen(halves[i] >> 16u);
  }
}
`;

/** Widens numbers from one buffer of the GPU into another. */
export class HalfWidener {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #bindings: GPUBindGroup;
  readonly #words: GPUBuffer;
  #written = 0;

  private constructor(device: GPUDevice, pipeline: GPUComputePipeline, halves: GPUBuffer, floats: GPUBuffer) {
    [this.#device, this.#pipeline] = [device, pipeline];
    this.#words = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    this.#bindings = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [halves, floats, this.#words].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
  }

  /** Both buffers must hold an even number of numbers. */
  static async create(device: GPUDevice, halves: GPUBuffer, floats: GPUBuffer): Promise<HalfWidener> {
    const module = device.createShaderModule({ code: shader, label: 'widen halves' });
    const pipeline = await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module, entryPoint: 'main' },
    });
    return new HalfWidener(device, pipeline, halves, floats);
  }

  /** Widens the first `count` numbers, after whatever was submitted before. */
  submit(count: number): void {
    const words = Math.ceil(count / 2);
    if (words !== this.#written) this.#device.queue.writeBuffer(this.#words, 0, new Uint32Array([words]));
    this.#written = words;
    const commands = this.#device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#bindings);
    pass.dispatchWorkgroups(Math.min(GROUPS_MAX, Math.ceil(words / LANES)));
    pass.end();
    this.#device.queue.submit([commands.finish()]);
  }

  destroy(): void {
    this.#words.destroy();
  }
}
