/** A dedicated worker with the origin's store, as the product has it: only there may files be appended to. */
import { expose } from 'comlink';
import { CodedError } from '../../../src/core/errors.ts';
import { downloadFile, type FileStep } from '../../../src/engine/models/file-download.ts';
import type { StoredFile } from '../../../src/engine/models/model-store.ts';
import { openOriginStore } from '../../../src/engine/models/origin-store.ts';
import { systemClock } from '../../../src/provider/compute/system-clock.ts';
import { browserDownloads } from '../../../src/provider/models/browser-downloads.ts';
import { sendErrorsAsData } from '../../../src/provider/thrown-errors.ts';
import { fileOf, type Mood, standInServers } from '../../unit/engine/models/hostile-server.ts';

const URL_OF_FILE = 'https://a/model.onnx';

const worker = {
  /** Downloads the content from a server in these moods; gives what was asked of it. */
  async download(
    name: string,
    content: Uint8Array<ArrayBuffer>,
    moods: Mood[],
    until?: number,
  ): Promise<string[]> {
    const store = await openOriginStore(systemClock, name);
    const server = standInServers(content, { a: moods });
    const ports = { ...browserDownloads(store), fetch: server.fetch };
    const stop = new AbortController();
    await downloadFile(fileOf(content, [URL_OF_FILE]), ports, stop.signal, (step: FileStep) => {
      if (until !== undefined && step.name === 'receiving' && step.bytes >= until) {
        stop.abort(new CodedError('aborted', 'Enough for now.'));
      }
    });
    return server.requests;
  },
  /** Writes and never lets go: the worker is to be ended. */
  async hang(name: string, content: Uint8Array<ArrayBuffer>, bytes: number): Promise<void> {
    const store = await openOriginStore(systemClock, name);
    const partial = await store.openPartial(fileOf(content, [URL_OF_FILE]).sha256);
    await partial.append(content.slice(0, bytes));
    await partial.note({ url: URL_OF_FILE, etag: '"v1"' });
  },
  async read(name: string, content: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const blob = await (await openOriginStore(systemClock, name)).open(fileOf(content, [URL_OF_FILE]).sha256);
    return blob && new Uint8Array(await blob.arrayBuffer());
  },
  list: async (name: string): Promise<StoredFile[]> => (await openOriginStore(systemClock, name)).list(),
  async remove(name: string, content: Uint8Array<ArrayBuffer>): Promise<void> {
    await (await openOriginStore(systemClock, name)).remove(fileOf(content, [URL_OF_FILE]).sha256);
  },
};
export type StoreWorker = typeof worker;

sendErrorsAsData();
expose(worker);
