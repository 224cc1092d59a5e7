import type * as xgrammar from '@mlc-ai/web-xgrammar';

/**
 * What we use of xgrammar (`@mlc-ai/web-xgrammar`): loaded when the first stream needs it, and handed in, since how it
 * is loaded differs. It is C++ compiled to WebAssembly: whatever it makes must be disposed of, and a failed check inside
 * ends the whole library.
 */
export type GrammarLibrary = Pick<
  typeof xgrammar,
  'Grammar' | 'GrammarCompiler' | 'GrammarMatcher' | 'TokenizerInfo'
>;
