#!/usr/bin/env node
/** The `solc` package (a compiler in WebAssembly) with the face of the native one, for forge: `--version`, `--standard-json`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const solc = createRequire(import.meta.url)('solc');

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')));
} else {
  console.error('Only --version and --standard-json are known.');
  process.exit(2);
}
