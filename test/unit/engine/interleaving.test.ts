import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import type { Engine, EngineStream, StreamRequest } from '../../../src/engine/engine.ts';
import type { OnnxRuntime } from '../../../src/engine/onnx/runtime.ts';
import { loadWasmRuntime } from '../../../src/engine/runtimes/wasm-runtime.ts';
import { cpuRuntime, createTestEngine } from '../../contract/bundled-model.ts';
import { collect, expectSameTokens, type Output, request } from '../../contract/engine-suite.ts';

/** One stream's life among others; times are counted in tokens that all streams together have given. */
interface Life {
  readonly prompt: readonly number[];
  readonly seed: number;
  readonly hot: boolean;
  readonly maxTokens: number;
  readonly joinsAt: number;
  /** Leaves after this many tokens of its own, by abort or by no longer reading. */
  readonly leavesAfter: number | undefined;
  readonly aborts: boolean;
  /** Credit given at a time. */
  readonly credit: number;
}

const life = fc.record<Life>({
  prompt: fc.array(fc.integer({ min: 0, max: 2047 }), { minLength: 1, maxLength: 90 }),
  seed: fc.integer({ min: 0, max: 3 }),
  hot: fc.boolean(),
  maxTokens: fc.integer({ min: 1, max: 30 }),
  joinsAt: fc.integer({ min: 0, max: 60 }),
  leavesAfter: fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined, freq: 3 }),
  aborts: fc.boolean(),
  credit: fc.integer({ min: 1, max: 12 }),
});

function requestOf({ prompt, seed, hot, maxTokens }: Life): StreamRequest {
  const spec = plainSpec(hot ? 1 : 0);
  return request({ tokens: prompt, seed: `0x000000000000000${seed}`, spec, maxTokens });
}

/** Lets every stream live as it should; returns what each gave. */
async function liveTogether(engine: Engine, lives: readonly Life[]): Promise<Output[]> {
  let given = 0;
  const joining = [...lives.entries()].sort(([, a], [, b]) => b.joinsAt - a.joinsAt);
  const outputs: Promise<Output>[] = [];
  let running = 0;
  const join = (): void => {
    // When all others have ended there are no more tokens to wait for.
    while (joining.length > 0 && (running === 0 || joining.at(-1)![1].joinsAt <= given)) {
      const [index, next] = joining.pop()!;
      running++;
      outputs[index] = live(next).finally(() => {
        running--;
        join();
      });
    }
  };
  async function live({ credit, leavesAfter, aborts, ...rest }: Life): Promise<Output> {
    const abort = new AbortController();
    const stream: EngineStream = engine.open({
      ...requestOf({ credit, leavesAfter, aborts, ...rest }),
      credit,
      signal: abort.signal,
    });
    const output: { ids: number[]; samples: Output['samples'][number][]; end: Output['end'] } = {
      ids: [],
      samples: [],
      end: undefined,
    };
    const iterator = stream[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return { ...output, end: value };
      output.ids.push(value.id);
      output.samples.push(value);
      given++;
      join();
      if (output.ids.length === leavesAfter) {
        if (aborts) abort.abort();
        await iterator.return?.();
        return output;
      }
      if (output.ids.length % credit === 0) {
        // A stream that has used up its credit sits out for a while.
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        stream.grant(output.ids.length + credit);
      }
    }
  }
  join();
  while (outputs.length < lives.length || joining.length > 0) await new Promise(setImmediate);
  return Promise.all(outputs);
}

describe.each<[string, () => Promise<OnnxRuntime>]>([
  ['cpu', async () => cpuRuntime],
  ['wasm', () => loadWasmRuntime()],
])('%s', { timeout: 120_000 }, (_name, load) => {
  let alone: Engine;
  let crowded: Engine[];
  beforeAll(async () => {
    const runtime = await load();
    alone = await createTestEngine({ runtime, slots: 1, context: 256 });
    crowded = [
      await createTestEngine({ runtime, slots: 3, context: 256, prefillPiece: 8 }),
      await createTestEngine({ runtime, slots: 5, context: 256, prefillPiece: 40 }),
    ];
  });
  afterAll(() => Promise.all([alone, ...crowded].map((engine) => engine.close())));

  it('gives each stream, however it shares the engine, exactly the tokens that it has alone', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 7 }), fc.nat(1), async (lives, which) => {
        const outputs = await liveTogether(crowded[which]!, lives);
        for (const [i, output] of outputs.entries()) {
          const expected = await collect(alone.open(requestOf(lives[i]!)));
          if (output.end) expectSameTokens(output, expected);
          else
            expectSameTokens(output, {
              ...expected,
              ids: expected.ids.slice(0, output.ids.length),
              end: undefined,
            });
        }
        expect(crowded[which]!.timings()).toMatchObject({ active: 0, waiting: 0 });
      }),
      { numRuns: 40, seed: 2026 },
    );
  });
});
