import type { KnipConfig } from 'knip';

/** What `npm run check` calls unused code: files, exports and packages that nothing reaches from these entries. */
const config: KnipConfig = {
  entry: [
    'src/cli/main.ts',
    'src/sdk/index.ts',
    'workers/*.ts',
    'scripts/*.ts',
    // Started by forge, and by anvil.ts, as processes of their own.
    'scripts/solc.mjs',
    'scripts/network/anvil-keeper.ts',
    // A process of its own, that knows nothing but the chain.
    'scripts/demo/read-balances.ts',
    'bench/*.ts',
    'test/**/*.test.ts',
  ],
  project: ['{src,workers,scripts,bench,test}/**/*.{ts,tsx,mjs}', '!test/walls/fixtures/**'],
  ignoreExportsUsedInFile: true,
  ignoreDependencies: [
    // Run as programs, by name (scripts/tool.ts).
    'oxfmt',
    'oxlint',
    'oxlint-tsgolint',
    // For the contracts: two programs, and what Solidity imports.
    '@foundry-rs/anvil',
    '@foundry-rs/forge',
    '@openzeppelin/contracts',
    'solc',
  ],
};

export default config;
