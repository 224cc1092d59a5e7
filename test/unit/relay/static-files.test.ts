import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStaticFiles } from '../../../src/relay/node/static-files.ts';

let folder: string;
let server: Server;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-files-'));
  await writeFile(join(folder, 'model.onnx'), '0123456789');
  const files = createStaticFiles(folder, { connect: [], local: true });
  server = createServer((request, response) => {
    void files(request, response, request.url ?? '').then((found) => found || response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.onnx`;
});
afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

describe('the relay’s files', () => {
  it.each<[string, number, string, string | null]>([
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=4-5', 206, '45', 'bytes 4-5/10'],
    ['bytes=9-100', 206, '9', 'bytes 9-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=5-4', 200, '0123456789', null],
    ['bytes=-3', 200, '0123456789', null],
    ['bytes=0-1,4-5', 200, '0123456789', null],
    ['lines=1-', 200, '0123456789', null],
  ])('go on where a download broke: %s', async (range, status, text, contentRange) => {
    const response = await fetch(url, { headers: { range } });
    expect([response.status, await response.text(), response.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ]);
  });

  it('give the whole of a file that has changed since', async () => {
    const etag = (await fetch(url)).headers.get('etag') ?? '';
    const same = await fetch(url, { headers: { range: 'bytes=4-', 'if-range': etag } });
    expect(await same.text()).toBe('456789');
    const other = await fetch(url, { headers: { range: 'bytes=4-', 'if-range': '"other"' } });
    expect([other.status, await other.text()]).toEqual([200, '0123456789']);
  });
});
