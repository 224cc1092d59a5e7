/** Runs the programs of installed packages, on the Node that runs us. */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

export interface ToolResult {
  readonly code: number;
  /** Standard output and errors, in the order in which they came; empty if they were shown as they came. */
  readonly output: string;
}

const running = new Set<ChildProcess>();

let isListening = false;

/** Whoever is told to end takes its programs along; a terminal tells them itself, `kill` does not. */
function listenForEnd(): void {
  if (isListening) return;
  isListening = true;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      for (const child of running) child.kill(signal);
      process.exit(128 + constants.signals[signal]);
    });
  }
}

/**
 * Runs the program that the package of this name installs, to its end.
 * @param show lets its output through instead of collecting it
 */
export async function runTool(
  packageName: string,
  parameters: readonly string[],
  { show = false, env = {} }: { show?: boolean; env?: Record<string, string> } = {},
): Promise<ToolResult> {
  listenForEnd();
  const program = await programOf(packageName);
  const child = spawn(process.execPath, [program, ...parameters], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: show ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const keep = (data: Buffer): void => {
    output += data.toString();
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}

async function programOf(packageName: string): Promise<string> {
  const folder = join(root, 'node_modules', packageName);
  const { bin } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    bin: string | Record<string, string>;
  };
  const program = typeof bin === 'string' ? bin : (bin[packageName] ?? Object.values(bin)[0]);
  if (program === undefined) throw new Error(`The package ${packageName} has no program.`);
  return join(folder, program);
}
