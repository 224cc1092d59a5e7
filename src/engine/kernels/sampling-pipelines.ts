import { filterShader } from './filter-shader.ts';
import { samplingShader } from './sampling-shader.ts';

/** The two passes of a draw. */
export interface DrawPipelines {
  readonly scan: GPUComputePipeline;
  readonly conclude: GPUComputePipeline;
}

/** What only some draws need. */
export interface ControlPipelines extends DrawPipelines {
  /** Filters' edges and likeliest ids. */
  readonly select: GPUComputePipeline;
}

const READ = 'read-only-storage';
const WRITE = 'storage';

/** The kinds of the bindings, in order: constants, logits, signs, draws, parts, outcomes, controls, selections. */
const KINDS: readonly GPUBufferBindingType[] = ['uniform', READ, READ, READ, WRITE, WRITE, READ, WRITE];

/** Compiles the kernels of sampling: those of every draw at once, the others when they are first asked for. */
export class SamplingPipelines {
  readonly layout: GPUBindGroupLayout;
  readonly #device: GPUDevice;
  readonly #pipelineLayout: GPUPipelineLayout;
  readonly #sampling: GPUShaderModule;
  #controlled: Promise<ControlPipelines> | undefined;

  constructor(device: GPUDevice) {
    this.#device = device;
    this.layout = device.createBindGroupLayout({
      entries: KINDS.map((type, binding) => ({
        binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type },
      })),
    });
    this.#pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [this.layout] });
    this.#sampling = device.createShaderModule({ code: samplingShader, label: 'sampling' });
  }

  plain(): Promise<DrawPipelines> {
    return this.#compileDraw({});
  }

  controlled(): Promise<ControlPipelines> {
    this.#controlled ??= this.#compileControlled();
    return this.#controlled;
  }

  async #compileControlled(): Promise<ControlPipelines> {
    const module = this.#device.createShaderModule({ code: filterShader, label: 'filter' });
    const [draw, select] = await Promise.all([
      this.#compileDraw({ CONTROLLED: 1 }),
      this.#compile(module, 'select_ids'),
    ]);
    return { ...draw, select };
  }

  async #compileDraw(constants: Record<string, number>): Promise<DrawPipelines> {
    const [scan, conclude] = await Promise.all([
      this.#compile(this.#sampling, 'scan', constants),
      this.#compile(this.#sampling, 'conclude', constants),
    ]);
    return { scan, conclude };
  }

  #compile(
    module: GPUShaderModule,
    entryPoint: string,
    constants: Record<string, number> = {},
  ): Promise<GPUComputePipeline> {
    const compute = { module, entryPoint, constants };
    return this.#device.createComputePipelineAsync({ layout: this.#pipelineLayout, compute });
  }
}
