import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { CodedError } from '../core/errors.ts';

/** The state of a channel on disk, for one process at a time. */
export interface ChannelFile {
  readonly path: string;
  /** What was kept last; undefined for a new one. */
  readonly state: string | undefined;
  /** On disk when this resolves: the old state or the new one survives whatever happens. */
  save(state: string): Promise<void>;
  close(): Promise<void>;
}

/** Beside the key: one channel for each relay. @example channelPath('agent.key', 'http://127.0.0.1:8787') */
export function channelPath(keyFile: string, relay: string): string {
  return `${keyFile}.${URL.parse(relay)?.host.replaceAll(':', '-') ?? 'relay'}.channel.json`;
}

/** @throws CodedError `channel_in_use`: two processes would sign past each other, `channel_unreadable` */
export async function openChannelFile(path: string): Promise<ChannelFile> {
  const lock = `${path}.lock`;
  await takeLock(lock, path);
  const state = await readText(path).catch(async (error: unknown) => {
    await rm(lock, { force: true });
    throw error;
  });
  return {
    path,
    state,
    async save(text) {
      const next = `${path}.new`;
      const file = await open(next, 'w', 0o600);
      try {
        await file.writeFile(text);
        await file.datasync();
      } finally {
        await file.close();
      }
      await rename(next, path);
    },
    close: () => rm(lock, { force: true }),
  };
}

const CURE = 'name the relay that it was with (--relay), or the file (--state)';

/** What was kept last, without holding the file. @throws CodedError `channel_missing`, `channel_unreadable` */
export async function readChannelFile(path: string): Promise<string> {
  return keptState({ path, state: await readText(path) });
}

/** @throws CodedError `channel_missing` */
export function keptState({ path, state }: Pick<ChannelFile, 'path' | 'state'>): string {
  if (state !== undefined) return state;
  throw new CodedError('channel_missing', `No channel was kept in ${path}: ${CURE}.`, { path });
}

function readText(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  });
}

function unreadable(path: string, cause: NodeJS.ErrnoException): CodedError {
  const message = `The file of the channel can't be used (${cause.code}): ${path}. Name another one with --state.`;
  return new CodedError('channel_unreadable', message, { path }, cause);
}

async function takeLock(lock: string, path: string): Promise<void> {
  for (;;) {
    try {
      return await writeFile(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
    } catch (error) {
      const cause = error as NodeJS.ErrnoException;
      if (cause.code !== 'EEXIST') throw unreadable(path, cause);
    }
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    if (isRunning(holder))
      throw new CodedError('channel_in_use', `Process ${holder} uses this channel: ${path}.`, {
        path,
        holder,
      });
    // Its process is gone.
    await rm(lock, { force: true });
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
