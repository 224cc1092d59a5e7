/** xgrammar in Node, for tests and benchmarks. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
import type * as xgrammar from '@mlc-ai/web-xgrammar';

type Xgrammar = typeof xgrammar;

/**
 * The package's file is CommonJS in a package that says it is ESM, so Node can load it in neither way: it is run here as
 * the function that it is, and told that it is in a worker of a browser. Each call gives a library of its own.
 */
export function openGrammarLibrary(): Xgrammar {
  const path = createRequire(import.meta.url).resolve('@mlc-ai/web-xgrammar');
  const names = ['exports', 'module', 'process', 'importScripts', 'location', 'self'];
  const run = compileFunction(readFileSync(path, 'utf8'), names, { filename: path });
  const module = { exports: {} };
  const location = { href: 'file:///' };
  run(module.exports, module, undefined, () => undefined, location, { location });
  return module.exports as Xgrammar;
}
