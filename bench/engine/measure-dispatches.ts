/** Where a step's time on a GPU goes: how many kernels it starts, and what starting as many that do nothing costs. */
import type { Engine } from '../../src/engine/engine.ts';
import { median } from '../quantile.ts';
import { runStreams } from './run-streams.ts';

export interface DispatchMeasures {
  readonly dispatchesPerStep: number;
  /** As many dispatches of a kernel that does nothing, waited for, in ms. */
  readonly emptyStepMs: number;
}

type Dispatch = (this: GPUComputePassEncoder, x: number, y?: number, z?: number) => undefined;

const TOKENS = 12;
const ROUNDS = 9;

const nothing = `
@group(0) @binding(0) var<storage, read_write> data: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(local_invocation_index) lane: u32) {
  if (lane > 64u) { data[0] = 1u; }
}`;

export async function measureDispatches(device: GPUDevice, engine: Engine): Promise<DispatchMeasures> {
  const dispatchesPerStep = Math.round((await countDispatches(engine)) / TOKENS);
  const module = device.createShaderModule({ code: nothing });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const buffer = device.createBuffer({ size: 4, usage: GPUBufferUsage.STORAGE });
  const bindings = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now();
    const commands = device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindings);
    for (let i = 0; i < dispatchesPerStep; i++) pass.dispatchWorkgroups(1);
    pass.end();
    device.queue.submit([commands.finish()]);
    await device.queue.onSubmittedWorkDone();
    times.push(performance.now() - began);
  }
  buffer.destroy();
  return { dispatchesPerStep, emptyStepMs: median(times) };
}

async function countDispatches(engine: Engine): Promise<number> {
  const { prototype } = GPUComputePassEncoder;
  const original = Reflect.get(prototype, 'dispatchWorkgroups') as Dispatch;
  let count = 0;
  prototype.dispatchWorkgroups = function (...sizes): undefined {
    count++;
    original.apply(this, sizes);
  };
  await runStreams(engine, { count: 1, promptLength: 1, maxTokens: TOKENS });
  prototype.dispatchWorkgroups = original;
  return count;
}
