/** Model files in the origin's private file system: over ended workers, in two tabs, with a full disk. */
import { type Remote, wrap } from 'comlink';
import { afterEach, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { receiveErrorsAsData } from '../../../src/app/desk/thrown-errors.ts';
import type { StoreWorker } from './store.worker.ts';

receiveErrorsAsData();
const workers: Worker[] = [];
afterEach(() => workers.splice(0).forEach((worker) => worker.terminate()));

function start(): { worker: Worker; store: Remote<StoreWorker> } {
  const worker = new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  return { worker, store: wrap<StoreWorker>(worker) };
}

const fresh = (): string => `models-${crypto.randomUUID()}`;
const random = (size: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
};

test('a download goes on in another worker where one was ended in the middle of a write', async () => {
  const [name, content] = [fresh(), random(500_000)];
  const first = start();
  await first.store.hang(name, content, 200_000);
  expect(await first.store.list(name)).toMatchObject([{ bytes: 200_000, finished: false }]);
  first.worker.terminate();
  const second = start();
  expect(await second.store.read(name, content)).toBeUndefined();
  expect(await second.store.download(name, content, [])).toEqual(['a bytes=200000-']);
  expect(await second.store.read(name, content)).toEqual(content);
  expect(await second.store.list(name)).toMatchObject([{ bytes: 500_000, finished: true }]);
  expect(await second.store.download(name, content, [])).toEqual([]);
  await second.store.remove(name, content);
  expect(await second.store.list(name)).toEqual([]);
});

test('what was paused goes on, and bytes that were damaged meanwhile are fetched anew', async () => {
  const [name, content] = [fresh(), random(300_000)];
  const { store } = start();
  await expect(store.download(name, content, [], 100_000)).rejects.toMatchObject({ code: 'aborted' });
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(name);
  const { sha256, bytes } = (await store.list(name))[0]!;
  const file = await folder.getFileHandle(sha256);
  const writable = await file.createWritable({ keepExistingData: true });
  await writable.write({ type: 'write', position: 5, data: new Uint8Array([content[5]! ^ 1]) });
  await writable.close();
  expect(await store.download(name, content, [])).toEqual([`a bytes=${bytes}-`, 'a all']);
  expect(await store.read(name, content)).toEqual(content);
  // A note that a crash cut in two: the file is hashed again, and not fetched.
  const note = await (await folder.getFileHandle(`${sha256}.json`)).createWritable();
  await note.write('{"finis');
  await note.close();
  expect(await store.read(name, content)).toBeUndefined();
  expect(await store.download(name, content, [])).toEqual([]);
  expect(await store.read(name, content)).toEqual(content);
});

test('two tabs that want the same file fetch it once', async () => {
  const [name, content] = [fresh(), random(400_000)];
  const [one, two] = [start(), start()];
  const cut = { name: 'cut', at: 0.5 } as const;
  const asked = await Promise.all([
    one.store.download(name, content, [cut]),
    two.store.download(name, content, [cut]),
  ]);
  expect(asked.flat().sort()).toEqual(['a all', 'a bytes=200000-']);
  expect(await two.store.read(name, content)).toEqual(content);
});

test('a full disk keeps what came, and the download goes on once there is room', async () => {
  const [name, content] = [fresh(), random(3_000_000)];
  const { store } = start();
  const { usage = 0 } = await navigator.storage.estimate();
  const session = cdp() as unknown as { send(method: string, options: object): Promise<void> };
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: location.origin,
    quotaSize: usage + 1_500_000,
  });
  try {
    await expect(store.download(name, content, [])).rejects.toMatchObject({ code: 'storage_full' });
  } finally {
    await session.send('Storage.overrideQuotaForOrigin', { origin: location.origin });
  }
  const { bytes } = (await store.list(name))[0]!;
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(3_000_000);
  expect(await store.download(name, content, [])).toEqual([`a bytes=${bytes}-`]);
  expect(await store.read(name, content)).toEqual(content);
});
