/** Answers of a real model that a grammar holds to schemas. */
import { readFileSync } from 'node:fs';
import type { OnnxEngine } from '../../src/engine/onnx/onnx-engine.ts';
import { createConstraintFactory } from '../../src/engine/grammar/constraint-factory.ts';
import type { CreateConstraint } from '../../src/engine/grammar/token-constraint.ts';
import { type Constraint, plainSpec } from '../../src/protocol/wire/decode-spec.ts';
import { createTokenizer, type Tokenizer } from '../../src/text/tokenizer.ts';
import type { StreamEnd } from '../../src/engine/engine.ts';
import { collect } from './engine-suite.ts';
import { openGrammarLibrary } from './grammar-library.ts';

export const MODEL = { vocab: 2048 };
export const STOP_IDS: readonly number[] = [0];

const json = (file: string): object =>
  JSON.parse(readFileSync(new URL(`../../public/models/shakespeare-1m/${file}`, import.meta.url), 'utf8'));

export const tokenizer: Tokenizer = createTokenizer({
  tokenizer: json('tokenizer.json'),
  config: json('tokenizer_config.json'),
});

export function createTestConstraints(): CreateConstraint {
  const load = async (): Promise<ReturnType<typeof openGrammarLibrary>> => openGrammarLibrary();
  return createConstraintFactory({
    load,
    tokenizer: json('tokenizer.json'),
    ...MODEL,
    stopIds: [...STOP_IDS],
  });
}

const CLOSING = Array.from({ length: MODEL.vocab }, (_, id) => id).filter((id) =>
  /["\]}@]/.test(new TextDecoder().decode(tokenizer.bytesOf(id))),
);

/** Shakespeare wrote no JSON: without a hand on the scales, strings and lists would rarely end. */
const closingBias = (bias: number): [number, number][] => CLOSING.map((id) => [id, bias]);

export interface Answer {
  readonly ids: readonly number[];
  readonly text: string;
  readonly end: StreamEnd | undefined;
}

export async function answer(
  engine: OnnxEngine,
  constraint: Constraint,
  { seed = 1, maxTokens = 160, prior = [] as readonly number[], temperature = 1 } = {},
): Promise<Answer> {
  const prompt = tokenizer.encode('KING:\n');
  const { ids, end } = await collect(
    engine.open({
      tokens: [...prompt, ...prior],
      outputStart: prompt.length,
      spec: { ...plainSpec(temperature), logitBias: closingBias(10 + (seed % 4)), constraint },
      seed: `0x${seed.toString(16).padStart(16, '0')}`,
      maxTokens,
      stopIds: [...STOP_IDS],
    }),
  );
  return { ids, text: tokenizer.decode([...prior, ...ids]), end };
}
