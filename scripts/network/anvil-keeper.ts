/**
 * Runs anvil for a parent process and ends it with the parent, however that ends. Started by `anvil.ts` with a channel:
 * the first message says how; `{port}` or `{failure}` comes back; a closed channel ends everything.
 */
import { spawn } from 'node:child_process';

const WORDS = 4_000;

process.once('message', ({ program, parameters }: { program: string; parameters: readonly string[] }) => {
  const anvil = spawn(program, [...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
  const end = (): never => {
    anvil.kill('SIGKILL');
    process.exit();
  };
  process.once('disconnect', end);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

  let words = '';
  let told = false;
  const tell = (message: { port: number } | { failure: string }): void => {
    if (told) return;
    told = true;
    process.send?.(message);
  };
  const listen = (data: Buffer): void => {
    if (told) return;
    words = (words + data.toString()).slice(-WORDS);
    const [, port] = /Listening on [\d.]+:(\d+)/.exec(words) ?? [];
    if (port !== undefined) tell({ port: Number(port) });
  };
  anvil.stdout.on('data', listen);
  anvil.stderr.on('data', listen);
  anvil.once('error', (error) => tell({ failure: error.message }));
  anvil.once('close', () => {
    tell({ failure: words.trim() });
    process.exit();
  });
});
