import { createConstraintFactory } from '../../src/engine/grammar/constraint-factory.ts';
import { loadGrammarLibrary } from '../../src/engine/runtimes/grammar-runtime.ts';

/** Walks through a grammar by the only token that may come, and says what that wrote. */
export async function constrainedText(): Promise<string> {
  const response = await fetch('/models/shakespeare-1m/tokenizer.json');
  const tokenizer = (await response.json()) as { model: { vocab: Record<string, number> } };
  const create = createConstraintFactory({ load: loadGrammarLibrary, tokenizer, vocab: 2048, stopIds: [0] });
  const schema = JSON.stringify({ const: [true, null] });
  const constraint = await create({ kind: 'json_schema', schema }, []);
  const texts = new Map(Object.entries(tokenizer.model.vocab).map(([text, id]) => [id, text]));
  let text = '';
  while (!constraint.done) {
    const mask = constraint.mask();
    const id = [...texts.keys()].find((id) => (mask[id >>> 5]! >>> (id & 31)) & 1)!;
    text += texts.get(id)!;
    await constraint.accept(id);
  }
  constraint.close?.();
  return text;
}
