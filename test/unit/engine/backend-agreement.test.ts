import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { createCpuDecoder } from '../../../src/engine/onnx/cpu-decoder.ts';
import type { Decoder } from '../../../src/engine/onnx/decoder.ts';
import type { WasmRuntime } from '../../../src/engine/onnx/runtime.ts';
import { createWasmDecoder } from '../../../src/engine/onnx/wasm-decoder.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import { cpuRuntime, readModel } from '../../contract/bundled-model.ts';
import { EPSILON } from '../../../src/protocol/constants.ts';
import {
  differentChoices,
  forceTokens,
  greatestDifference,
  readShape,
} from '../../contract/teacher-forcing.ts';

interface Vector {
  readonly ids: number[];
  /** By variant: [id, logit] at the last position, from PyTorch. */
  readonly logits: Record<string, [number, number][]>;
}

const readVector = (id: string): Vector =>
  JSON.parse(readFileSync(new URL(`../../vectors/logits-${id}.json`, import.meta.url), 'utf8')) as Vector;

let wasm: WasmRuntime;
beforeAll(async () => {
  wasm = await loadWasmRuntime();
});

describe.each([
  ['shakespeare-1m', 'fp32'],
  ['shakespeare-1m', 'q4'],
  ['shakespeare-4m', 'fp32'],
  ['shakespeare-4m', 'q4'],
])('%s %s', { timeout: 60_000 }, (id, variant) => {
  const { ids, logits } = readVector(id);
  const tokens = Array.from({ length: 200 }, (_, i) => ids[i] ?? (i * i * 31 + 7 * i) % 2048);
  let cpu: Decoder;
  let onWasm: Decoder;

  beforeAll(async () => {
    const { manifest, graph } = await readModel(id, variant);
    const shape = await readShape(graph, manifest, 4, 256);
    cpu = await createCpuDecoder(cpuRuntime.ort, { graph }, shape, performance);
    onWasm = await createWasmDecoder(wasm.module, { graph }, shape, performance);
    return () => Promise.all([cpu.close(), onWasm.close()]);
  });

  it('has PyTorch’s logits, on cpu and on wasm', async () => {
    for (const decoder of [cpu, onWasm]) {
      const [last] = await forceTokens(decoder, ids, { from: ids.length - 1 });
      for (const [token, logit] of logits[variant]!) {
        expect(Math.abs(last!.logits[token]! - logit)).toBeLessThan(1e-3);
      }
    }
  });

  it('S3 differs between backends, batch sizes, prefill and decode by less than half of epsilon', async () => {
    const reference = await forceTokens(cpu, tokens);
    const runs = [
      await forceTokens(onWasm, tokens),
      await forceTokens(cpu, tokens, { rows: 4, from: 120 }),
      await forceTokens(cpu, tokens, { from: 150, piece: 11 }),
      await forceTokens(onWasm, tokens, { rows: 3, from: 150, piece: 64 }),
    ];
    for (const run of runs) {
      expect(greatestDifference(run, reference)).toBeLessThan(EPSILON / 2);
      for (const { margin } of differentChoices(run, reference)) expect(margin).toBeLessThan(EPSILON);
    }
    // The rule allows for differences at fewer than 1 in 1,000 positions.
    expect(reference.filter(({ sample }) => sample.margin < EPSILON).length).toBeLessThanOrEqual(1);
  });
});
