/**
 * One project for each kind of test. `npm test` runs all of them and counts (`scripts/test.ts`); to work on one,
 * `npx vitest --project unit`.
 */
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { findBrowser, launchOptions } from './scripts/chromium.ts';

export default defineConfig(async () => {
  // Without a browser the other projects still run; `scripts/test.ts` says what is missing.
  const found = await findBrowser().catch(() => ({ executablePath: '', bundled: false, env: {} }));
  return {
    test: {
      projects: [
        {
          extends: './vite.config.ts',
          // Some start processes and chains: on a busy machine that takes a while.
          test: { name: 'unit', include: ['test/unit/**/*.test.{ts,tsx}'], testTimeout: 30_000 },
        },
        { test: { name: 'contract', include: ['test/contract/**/*.test.ts'] } },
        { test: { name: 'walls', include: ['test/walls/*.test.ts'], testTimeout: 60_000 } },
        {
          extends: './vite.config.ts',
          test: {
            name: 'browser',
            include: ['test/browser/**/*.test.ts'],
            testTimeout: 60_000,
            browser: {
              enabled: true,
              headless: true,
              screenshotFailures: false,
              provider: playwright({ launchOptions: launchOptions(found, {}) }),
              instances: [{ browser: 'chromium' as const }],
            },
          },
        },
        {
          // Whole processes and browsers, each the size of the machine: one at a time.
          test: {
            name: 'e2e',
            include: ['test/{e2e,chaos}/**/*.test.ts'],
            fileParallelism: false,
            testTimeout: 120_000,
            hookTimeout: 60_000,
          },
        },
      ],
    },
  };
});
