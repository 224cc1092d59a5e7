/** The same downloads over real sockets: what breaks there breaks in other ways than a stand-in does. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/core/clock.ts';
import { downloadFile } from '../../../../src/engine/models/file-download.ts';
import { createMemoryStore } from '../../../../src/engine/models/memory-store.ts';
import { SimRandom } from '../../../../src/sim/sim-random.ts';
import { answer, fileOf, type Mood } from './hostile-server.ts';

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) >>> 13);
let server: Server;
let base: string;
let moods: Mood[] = [];
const requests: string[] = [];

/** A hundred times as fast as the machine's: waits for the next try are short, in the order of those of real life. */
const fastClock: Clock = {
  now: () => Date.now() * 100,
  after: (ms, run) => {
    const timer = setTimeout(run, ms / 100);
    return () => clearTimeout(timer);
  },
};

beforeAll(async () => {
  server = createServer((request, response): unknown => {
    requests.push(`${request.url} ${request.headers.range ?? 'all'}`);
    if (request.url === '/moved') return response.writeHead(302, { location: '/model' }).end();
    if (request.url === '/loop') return response.writeHead(302, { location: '/loop' }).end();
    if (request.url === '/longer-than-it-says') {
      // More bytes than the header promised are cut off by whoever reads; fewer break the connection.
      response.writeHead(200, { 'content-length': content.length + 10 });
      response.write(content);
      return setTimeout(() => response.destroy(), 20);
    }
    const said = answer(content, request.headers.range, moods.shift() ?? { name: 'good' });
    if (!said) return request.socket.destroy();
    response.writeHead(said.status, said.headers);
    if (!said.ends) return response.end(said.body);
    response.write(said.body.subarray(0, said.ends.after), () => {
      if (said.ends?.how === 'break') setTimeout(() => response.destroy(), 5);
    });
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** `the file`, or what was thrown. */
async function download(path: string): Promise<unknown> {
  const store = createMemoryStore();
  const wanted = fileOf(content, [`${base}${path}`]);
  requests.length = 0;
  try {
    await downloadFile(
      wanted,
      {
        clock: fastClock,
        random: new SimRandom(1),
        fetch: (url, init) => fetch(url, init),
        store,
        exclude: (_, __, run) => run(),
        onNetwork: () => () => {},
      },
      new AbortController().signal,
      () => {},
    );
  } catch (error) {
    return error;
  }
  const kept = await store.open(wanted.sha256);
  const bytes = Buffer.from(await kept!.arrayBuffer());
  return bytes.equals(content) ? 'the file' : 'another file';
}

describe('downloadFile over HTTP', () => {
  it.each<[string, Mood[], number]>([
    ['cut at random bytes', [0.1, 0.77, 0.001, 0.5].map((at) => ({ name: 'cut', at })), 5],
    ['without ranges', [{ name: 'cut', at: 0.6 }, { name: 'no_ranges', at: 0.3 }, { name: 'no_ranges' }], 3],
    ['with a wrong byte', [{ name: 'wrong_bytes', at: 0.4 }], 2],
    ['too short', [{ name: 'short', at: 0.7 }], 2],
    [
      'too short, seen on a resume',
      [
        { name: 'cut', at: 0.9 },
        { name: 'short', at: 0.5 },
      ],
      3,
    ],
    ['changed under a resume', [{ name: 'cut', at: 0.5 }, { name: 'other_tag' }], 3],
    [
      'busy',
      [
        { name: 'status', status: 503 },
        { name: 'status', status: 429, seconds: 3 },
      ],
      3,
    ],
    ['refused', [{ name: 'refused' }, { name: 'refused' }], 3],
    ['silent', [{ name: 'stall', at: 0.2 }], 2],
  ])('gets the file from a server that is bad for a while: %s', async (_, bad, count) => {
    moods = bad;
    expect(await download('/model')).toBe('the file');
    expect(requests).toHaveLength(count);
  });

  it('follows a redirect, and resumes behind it', async () => {
    moods = [{ name: 'cut', at: 0.5 }];
    expect(await download('/moved')).toBe('the file');
    expect(requests.filter((line) => line.startsWith('/model'))).toEqual([
      '/model all',
      '/model bytes=150000-',
    ]);
  });

  it('gives a circle of redirects up', async () => {
    expect(await download('/loop')).toMatchObject({
      code: 'download_failed',
      data: { file: 'onnx/model.onnx' },
    });
  });

  it('minds the bytes, not the length that the server states', async () => {
    expect(await download('/longer-than-it-says')).toBe('the file');
    expect(requests).toHaveLength(1);
  });

  it('names a file that the server does not have', async () => {
    moods = [{ name: 'status', status: 404 }];
    expect(await download('/model')).toMatchObject({ code: 'model_file_missing', data: { status: 404 } });
  });
});
