/** A chain on this machine for the demo, the tests and the benchmarks: anvil from its npm package, loopback only. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { root } from '../tool.ts';

/** A free port, blocks as transactions come. */
export interface AnvilOptions {
  readonly chainId?: number;
  /** Seconds between blocks; without it each transaction gets a block at once, and time stands still between them. */
  readonly blockSeconds?: number;
  /** The rules of the chain; anvil's newest by default. */
  readonly hardfork?: 'shanghai';
}

export interface Anvil extends AsyncDisposable {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Of the process that keeps it: it and anvil end together, and with us. */
  readonly pid: number;
  close(): Promise<void>;
}

const PATIENCE_MS = 20_000;

/** @throws Error where this machine has no anvil, or it does not start in time */
export async function startAnvil({
  chainId = 31_337,
  blockSeconds,
  hardfork,
}: AnvilOptions = {}): Promise<Anvil> {
  const keeper = fork(join(import.meta.dirname, 'anvil-keeper.ts'), {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    // A debugger's or a test runner's flags are not for it.
    execArgv: [],
  });
  const gone = once(keeper, 'exit');
  const listen = ['--host', '127.0.0.1', '--port', '0', '--chain-id', String(chainId)];
  const pace = blockSeconds === undefined ? [] : ['--block-time', String(blockSeconds), '--mixed-mining'];
  const rules = hardfork === undefined ? [] : ['--hardfork', hardfork];
  // Memory stays bounded however long it runs.
  const bounds = ['--prune-history', '500', '--transaction-block-keeper', '5000'];
  keeper.send({ program: anvilProgram(), parameters: [...listen, ...pace, ...rules, ...bounds] });
  const close = async (): Promise<void> => {
    if (keeper.connected) keeper.disconnect();
    await gone;
  };
  const stop = new AbortController();
  const answer = await Promise.race([
    once(keeper, 'message').then(([message]) => message as { port?: number; failure?: string }),
    gone.then(() => ({ failure: 'it ended at once' })),
    wait(PATIENCE_MS, { failure: 'it did not start in time' }, { signal: stop.signal }),
  ]).finally(() => stop.abort());
  if (!('port' in answer) || answer.port === undefined) {
    await close();
    throw new Error(`No local chain: ${answer.failure ?? 'anvil failed'}`);
  }
  return {
    rpcUrl: `http://127.0.0.1:${answer.port}`,
    chainId,
    pid: keeper.pid as number,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The binary itself: its package's launcher would stand between us and its end. */
function anvilProgram(): string {
  const processor = process.arch === 'x64' ? 'amd64' : process.arch;
  const name = process.platform === 'win32' ? 'anvil.exe' : 'anvil';
  return join(root, 'node_modules', '@foundry-rs', `anvil-${process.platform}-${processor}`, 'bin', name);
}
