import type { Page } from 'playwright-core';
import { createServer } from 'vite';
import { launchBrowser } from '../scripts/chromium.ts';
import type { BenchmarkContext } from './benchmark.ts';

/** Which GPU a benchmark takes: `--adapter=machine` is this machine's, and SwiftShader is used otherwise. */
export const ADAPTER_RULE = ['machine', 'software'];

export function adapterOf({ options }: BenchmarkContext): 'machine' | 'software' {
  return options['adapter'] === 'machine' ? 'machine' : 'software';
}

/** Opens pages of this folder in one browser, from sources, and closes all of it afterwards. */
export async function withPages<T>(
  context: BenchmarkContext,
  run: (open: (path: string) => Promise<Page>) => Promise<T>,
): Promise<T> {
  const { tell, signal } = context;
  const server = await createServer({
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1', hmr: false },
  });
  const browser = await launchBrowser({ adapter: adapterOf(context) });
  const close = (): void => void browser.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    await server.listen();
    return await run(async (path) => {
      const page = await browser.newPage();
      page.on('console', (message) => tell(message.text()));
      await page.goto(new URL(path, server.resolvedUrls!.local[0]).href);
      return page;
    });
  } finally {
    signal.removeEventListener('abort', close);
    await browser.close();
    await server.close();
  }
}
