import { expect, test } from 'vitest';
import { createOnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { createConstraintFactory } from '../../src/engine/grammar/constraint-factory.ts';
import { loadGrammarLibrary } from '../../src/engine/runtimes/grammar-runtime.ts';
import { loadWasmRuntime } from '../../src/engine/runtimes/wasm-runtime.ts';
import { plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { collect, request } from '../contract/engine-suite.ts';
import { fetchModel } from './browser-engine.ts';
import { constrainedText } from './constrained-text.ts';

test('G6 xgrammar runs in a page', async () => {
  expect(await constrainedText()).toBe('[true,null]');
});

test('G6 xgrammar runs in a worker', async () => {
  const worker = new Worker(new URL('./grammar.worker.ts', import.meta.url), { type: 'module' });
  const answered = new Promise((resolve, reject) => {
    worker.addEventListener('message', ({ data }) => resolve(data));
    worker.addEventListener('error', reject);
  });
  worker.postMessage(undefined);
  expect(await answered).toBe('[true,null]');
  worker.terminate();
});

test('G6 an engine holds an answer to it', async () => {
  const tokenizer = (await (await fetch('/models/shakespeare-1m/tokenizer.json')).json()) as object;
  const engine = await createOnnxEngine({
    runtime: await loadWasmRuntime(),
    slots: 2,
    ...(await fetchModel()),
    createConstraint: createConstraintFactory({
      load: loadGrammarLibrary,
      tokenizer,
      vocab: 2048,
      stopIds: [0],
    }),
  });
  const schema = JSON.stringify({ type: 'array', items: { type: 'boolean' }, minItems: 3, maxItems: 3 });
  const spec = { ...plainSpec(1), constraint: { kind: 'json_schema', schema } } as const;
  const { end, ids } = await collect(engine.open(request({ spec, maxTokens: 40 })));
  expect(end).toBe('stop');
  expect(ids.length).toBeGreaterThan(6);
  await engine.close();
});
