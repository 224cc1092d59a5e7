/** Whether whole texts fit a grammar, by the library that masks tokens: no model, no tokenizer. */
import { openGrammarLibrary } from './grammar-library.ts';

export interface Recognizer {
  /** @returns whether a text fits; good until the next one is compiled */
  compile(grammar: string): Promise<(text: string) => boolean>;
}

export async function openRecognizer(): Promise<Recognizer> {
  const { Grammar, GrammarCompiler, GrammarMatcher, TokenizerInfo } = openGrammarLibrary();
  const info = await TokenizerInfo.createTokenizerInfo([]);
  const compiler = await GrammarCompiler.createGrammarCompiler(info, false);
  let free = (): void => undefined;
  return {
    async compile(text) {
      free();
      const grammar = await Grammar.fromEBNF(text);
      const compiled = await compiler.compileGrammar(grammar);
      const matcher = await GrammarMatcher.createGrammarMatcher(compiled, undefined, true);
      free = () => {
        for (const made of [matcher, compiled, grammar]) made.dispose();
      };
      return (document) => {
        matcher.reset();
        return matcher._acceptString(document) && matcher.isTerminated();
      };
    },
  };
}
