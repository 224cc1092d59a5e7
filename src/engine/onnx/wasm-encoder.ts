import { checkEncoderGraph, type Encoder, STATES, TYPES } from './encoder.ts';
import { graphFailure } from './graph-failure.ts';
import { IDS, MASK } from '../../protocol/model/decoder-convention.ts';
import type { OrtWasmModule } from './ort-wasm-module.ts';
import { type Handles, OrtWasmSession } from './ort-wasm-session.ts';
import type { PaddedBatch } from './padded-batch.ts';
import { createTaskTurn } from './task-turn.ts';

const FLOAT_BYTES = 4;
const INTEGER_BYTES = 8;

/** The encoder on ONNX Runtime's WebAssembly, driven through its C interface (see `wasm-decoder.ts`). */
export async function createWasmEncoder(
  module: OrtWasmModule,
  graph: Uint8Array,
  sizes: EncoderSizes,
): Promise<Encoder> {
  try {
    const session = await OrtWasmSession.create(module, graph);
    checkEncoderGraph(session.inputNames, session.outputNames);
    return new WasmEncoder(session, sizes);
  } catch (error) {
    throw graphFailure(error, 'model_unsupported');
  }
}

interface EncoderSizes {
  readonly hidden: number;
  /** Tokens of a pass at most, padding included. */
  readonly tokens: number;
}

class WasmEncoder implements Encoder {
  readonly backend = 'wasm';
  readonly software = true;
  readonly gpuClass = 'wasm';
  readonly #session: OrtWasmSession;
  readonly #hidden: number;
  /** Addresses of what goes in, by its name, and of what comes out. */
  readonly #integers: Readonly<Record<string, number>>;
  readonly #states: number;
  readonly #turn = createTaskTurn();

  constructor(session: OrtWasmSession, { hidden, tokens }: EncoderSizes) {
    this.#session = session;
    this.#hidden = hidden;
    this.#integers = Object.fromEntries(
      session.inputNames.map((name) => [name, session.allocate(tokens * INTEGER_BYTES)]),
    );
    this.#states = session.allocate(tokens * hidden * FLOAT_BYTES);
  }

  async encode(batch: PaddedBatch): Promise<Float32Array> {
    const { rows, width } = batch;
    const session = this.#session;
    const contents: Readonly<Record<string, Int32Array>> = {
      [IDS]: batch.ids,
      [MASK]: batch.mask,
      [TYPES]: batch.types,
    };
    const feeds: Record<string, number> = {};
    for (const [name, address] of Object.entries(this.#integers)) {
      const { buffer } = contents[name] as Int32Array<ArrayBuffer>;
      session.module.HEAPU8.set(new Uint8Array(buffer), address);
      feeds[name] = session.tensor('int64', address, [rows, width]);
    }
    const states: Handles = {
      [STATES]: session.tensor('float32', this.#states, [rows, width, this.#hidden]),
    };
    const binding = session.bind(feeds, states);
    try {
      await session.run(binding);
      await this.#turn.take();
    } catch (error) {
      throw graphFailure(error, 'engine_failed');
    } finally {
      session.free(binding.inputNames, binding.inputs, binding.outputNames, binding.outputs);
      for (const tensor of [...Object.values(feeds), ...Object.values(states)]) session.release(tensor);
    }
    return new Float32Array(session.module.HEAPU8.buffer, this.#states, rows * width * this.#hidden);
  }

  async close(): Promise<void> {
    this.#session.free(...Object.values(this.#integers), this.#states);
    this.#session.close();
    this.#turn.close();
  }
}
