import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadModelFiles, type ModelFilesOptions } from '../../../src/engine/models/model-files.ts';
import { createMemoryStore } from '../../../src/engine/models/model-store.ts';
import type { ModelFile } from '../../../src/protocol/wire/model-manifest.ts';

const contents: Record<string, string> = {
  'model.onnx': 'weights '.repeat(5000),
  'tokenizer.json': '{"a":1}',
};

const files: ModelFile[] = Object.entries(contents).map(([path, text]) => ({
  path,
  bytes: text.length,
  sha256: createHash('sha256').update(text).digest('hex'),
}));

/** A server that sends a file in pieces of 10,000 bytes, changed by `change`. */
function serve(change: (path: string, text: string) => Response | string = (_, text) => text): Harness {
  const requests: string[] = [];
  const fetch: ModelFilesOptions['fetch'] = async ({ pathname }, { signal }) => {
    const path = pathname.replace('/models/m/', '');
    requests.push(path);
    const changed = change(path, contents[path]!);
    if (changed instanceof Response) return changed;
    const bytes = new TextEncoder().encode(changed);
    let at = 0;
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (signal?.aborted) return controller.error(signal.reason);
        if (at >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(at, at + 10_000));
        at += 10_000;
      },
    });
    return new Response(body);
  };
  const store = createMemoryStore();
  return { requests, options: { folder: new URL('https://example.org/models/m/'), store, fetch } };
}

interface Harness {
  readonly requests: string[];
  readonly options: ModelFilesOptions;
}

describe('loadModelFiles', () => {
  it('gives the files, tells how far it is, and fetches nothing twice', async () => {
    const { options, requests } = serve();
    const told: string[] = [];
    const progress = ({ file, loaded, total }: { file: string; loaded: number; total: number }): void =>
      void told.push(`${file} ${loaded}/${total}`);
    const loaded = await loadModelFiles(files, { ...options, progress });
    for (const [path, text] of Object.entries(contents))
      expect(new TextDecoder().decode(loaded.get(path))).toBe(text);
    expect(told).toEqual([
      'model.onnx 10000/40000',
      'model.onnx 20000/40000',
      'model.onnx 30000/40000',
      'model.onnx 40000/40000',
      'tokenizer.json 7/7',
    ]);
    await loadModelFiles(files, options);
    expect(requests).toEqual(['model.onnx', 'tokenizer.json']);
  });

  it.each<[string, (text: string) => string, object]>([
    ['one byte is wrong', (text) => text.replace('w', 'W'), { expected: files[0]!.sha256 }],
    ['it is cut short', (text) => text.slice(0, -1), { bytes: 39_999, expectedBytes: 40_000 }],
    ['it is too long', (text) => `${text}!`, { bytes: 40_001, expectedBytes: 40_000 }],
    ['it is empty', () => '', { bytes: 0 }],
  ])('names a corrupted file: %s', async (_, spoil, data) => {
    const { options } = serve((path, text) => (path === 'model.onnx' ? spoil(text) : text));
    await expect(loadModelFiles(files, options)).rejects.toMatchObject({
      code: 'model_corrupt',
      data: { file: 'model.onnx', ...data },
    });
    expect(await options.store.read(files[0]!.sha256)).toBeUndefined();
  });

  it('names a file that is missing, and one that a server fails to send', async () => {
    for (const [status, code] of [
      [404, 'model_file_missing'],
      [503, 'download_failed'],
    ] as const) {
      const { options } = serve((path, text) =>
        path === 'tokenizer.json' ? new Response(null, { status }) : text,
      );
      await expect(loadModelFiles(files, options)).rejects.toMatchObject({
        code,
        data: { file: 'tokenizer.json', status },
      });
    }
  });

  it('says of a broken connection which file it broke in', async () => {
    const { options } = serve();
    const fetch = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'));
    await expect(loadModelFiles(files, { ...options, fetch })).rejects.toMatchObject({
      code: 'download_failed',
      data: { file: 'model.onnx', text: 'TypeError: fetch failed' },
    });
  });

  it('stops when it is told to', async () => {
    const { options, requests } = serve();
    const abort = new AbortController();
    const progress = (): void => abort.abort();
    await expect(loadModelFiles(files, { ...options, progress, signal: abort.signal })).rejects.toMatchObject(
      {
        code: 'aborted',
      },
    );
    expect(requests).toEqual(['model.onnx']);
  });

  it('does not trust its own store', async () => {
    const { options, requests } = serve();
    await options.store.write(files[0]!.sha256, new Uint8Array(files[0]!.bytes));
    const loaded = await loadModelFiles(files, options);
    expect(new TextDecoder().decode(loaded.get('model.onnx'))).toBe(contents['model.onnx']);
    expect(requests).toContain('model.onnx');
  });
});
