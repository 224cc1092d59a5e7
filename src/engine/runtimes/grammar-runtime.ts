import type { GrammarLibrary } from '../grammar/grammar-library.ts';

/**
 * xgrammar with its WebAssembly inside, a chunk of its own that is fetched with the first constrained stream. Browsers
 * only: in Node its file, which is CommonJS and ESM in one, is neither.
 */
export async function loadGrammarLibrary(): Promise<GrammarLibrary> {
  const module: GrammarLibrary & { default?: GrammarLibrary } = await import('@mlc-ai/web-xgrammar');
  if (module.GrammarMatcher) return module;
  // Bundlers give its exports as the default; as a plain module it leaves them on the global object.
  return module.default ?? (globalThis as unknown as { xgrammar: GrammarLibrary }).xgrammar;
}
