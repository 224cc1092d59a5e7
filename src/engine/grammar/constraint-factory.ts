import type { CompiledGrammar, GrammarCompiler } from '@mlc-ai/web-xgrammar';
import { CodedError } from '../../core/errors.ts';
import type { Constraint } from '../../protocol/wire/decode-spec.ts';
import { grammarOf } from '../../text/grammar/constraint.ts';
import { GrammarConstraint } from './grammar-constraint.ts';
import type { GrammarLibrary } from './grammar-library.ts';
import { createGrammarVocabulary, type GrammarVocabulary } from './grammar-vocabulary.ts';
import type { CreateConstraint } from './token-constraint.ts';

/** Compiled grammars that are kept: agents send the same schema again and again. */
const KEPT = 16;

export interface ConstraintFactoryOptions {
  /** Called once, when the first stream has a constraint. */
  readonly load: () => Promise<GrammarLibrary>;
  /** `tokenizer.json` */
  readonly tokenizer: object;
  /** Size of the logits. */
  readonly vocab: number;
  readonly stopIds: readonly number[];
}

/**
 * Makes the constraints of one model's streams. A grammar is compiled before its stream decodes, at once and in one go:
 * `grammarOf` refuses those that would take long.
 */
export function createConstraintFactory(options: ConstraintFactoryOptions): CreateConstraint {
  const { load, stopIds, tokenizer, vocab } = options;
  let workshop: Promise<Workshop> | undefined;
  return async (constraint, prior) => {
    const grammar = grammarOf(constraint, { vocab });
    try {
      workshop ??= openWorkshop(load, createGrammarVocabulary(tokenizer, vocab, stopIds));
      const shop = await workshop;
      return await GrammarConstraint.open(shop.library, await shop.compile(grammar), shop.vocabulary, prior);
    } catch (error) {
      throw grammarFailure(error, constraint);
    }
  };
}

interface Workshop {
  readonly library: GrammarLibrary;
  readonly vocabulary: GrammarVocabulary;
  compile(grammar: string): Promise<CompiledGrammar>;
}

async function openWorkshop(
  load: () => Promise<GrammarLibrary>,
  vocabulary: GrammarVocabulary,
): Promise<Workshop> {
  const library = await load();
  // The binding takes bytes where its types say string: a token may be half a character.
  const bytes = vocabulary.bytes as readonly unknown[] as string[];
  const size = vocabulary.bytes.length;
  const info = await library.TokenizerInfo.createTokenizerInfo(bytes, 'raw', false, size, [
    ...vocabulary.stopIds,
  ]);
  const compiler = await library.GrammarCompiler.createGrammarCompiler(info, false);
  const kept = new Map<string, Promise<CompiledGrammar>>();
  return {
    library,
    vocabulary,
    compile(grammar) {
      const compiled = kept.get(grammar) ?? compileGrammar(library, compiler, grammar);
      kept.delete(grammar);
      kept.set(grammar, compiled);
      for (const [oldest, grammar] of kept) {
        if (kept.size <= KEPT) break;
        kept.delete(oldest);
        // Streams of it go on: they hold what they need.
        void grammar.then((grammar) => grammar.dispose());
      }
      return compiled;
    },
  };
}

async function compileGrammar(
  { Grammar }: GrammarLibrary,
  compiler: GrammarCompiler,
  text: string,
): Promise<CompiledGrammar> {
  const grammar = await Grammar.fromEBNF(text);
  try {
    return await compiler.compileGrammar(grammar);
  } finally {
    grammar.dispose();
  }
}

function grammarFailure(error: unknown, { kind }: Constraint): CodedError {
  if (error instanceof CodedError) return error;
  // What the library says may quote the schema, which is the agent's own.
  return new CodedError('grammar_failed', 'The grammar of the answer could not be used.', { kind }, error);
}
