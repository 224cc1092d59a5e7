import { connect } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import { readConfiguration, type RelayConfiguration } from '../../../../src/relay/node/configuration.ts';
import { createPinoLog } from '../../../../src/relay/node/log.ts';
import { readModelFolder } from '../../../../src/relay/node/model-folder.ts';
import { loadRelayKey } from '../../../../src/relay/node/relay-key.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'relay-'));
let server: RelayServer;

beforeAll(async () => {
  const page = join(folder, 'page');
  mkdirSync(join(page, 'assets'), { recursive: true });
  writeFileSync(join(page, 'index.html'), '<!doctype html><title>Afterglow</title>');
  writeFileSync(join(page, 'assets', 'app-1a2b.js'), 'export {};');
  writeFileSync(join(page, 'assets', 'ort.wasm'), Buffer.from([0, 0x61, 0x73, 0x6d]));
  writeFileSync(join(page, 'model.onnx'), 'onnx');
  writeFileSync(join(page, '.secret'), 'secret');
  writeFileSync(join(folder, 'outside.txt'), 'outside');
  const data = join(folder, 'data');
  server = await startRelayServer(
    { port: 0, page, data, modelHosts: ['https://models.example'] },
    { log: SILENT_LOG },
  );
});
afterAll(async () => {
  await server.close(0);
  rmSync(folder, { recursive: true });
});

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(`${server.url}${path}`, init);

/** What the server says to these very bytes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (data) => (answer += data.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
    setTimeout(() => socket.destroy(), 300);
  });
}

describe('the page', () => {
  it('is served with its policy, and stays itself at each place within it', async () => {
    for (const path of ['/', '/earnings', '/index.html']) {
      const response = await get(path);
      expect(await response.text()).toContain('<title>Afterglow</title>');
      const policy = response.headers.get('content-security-policy') ?? '';
      expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'");
      expect(policy).toContain("worker-src 'self'");
      expect(policy).toMatch(/connect-src 'self' .*https:\/\/models\.example/);
    }
  });

  it.each([
    ['/assets/app-1a2b.js', 'text/javascript; charset=utf-8', /immutable/],
    ['/assets/ort.wasm', 'application/wasm', /immutable/],
    ['/model.onnx', 'application/octet-stream', /no-cache/],
  ])('has %s as %s', async (path, type, cache) => {
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(type);
    expect(response.headers.get('cache-control')).toMatch(cache);
    const etag = response.headers.get('etag') ?? '';
    expect((await get(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
    const head = await get(path, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it.each([
    '/assets/missing.wasm',
    '/missing.js',
    '/.secret',
    '/..%2foutside.txt',
    '/%2e%2e/outside.txt',
    '/%00',
    '/%zz',
    '/a/.git/config',
  ])('never stands in for %s', async (path) => {
    const response = await get(path);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'unknown_url' } });
  });
});

describe('HTTP', () => {
  it('refuses a body that is too large, announced or not, and other requests go on', async () => {
    const own = await startRelayServer(
      { port: 0, free: 'localhost' },
      { log: SILENT_LOG, limits: { bodyBytes: 1000 } },
    );
    const path = `${own.url}/v1/chat/completions`;
    const announced = await fetch(path, { method: 'POST', body: 'x'.repeat(2000) });
    expect([announced.status, await announced.json()]).toMatchObject([
      413,
      { error: { code: 'body_too_large' } },
    ]);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('x'.repeat(2000)));
        controller.close();
      },
    });
    const streamed = await fetch(path, { method: 'POST', body: stream, duplex: 'half' } as RequestInit);
    expect(streamed.status).toBe(413);
    expect((await fetch(`${own.url}/healthz`)).status).toBe(200);
    await own.close(0);
  });

  it('needs payment where nothing was configured', async () => {
    const response = await get('/v1/chat/completions', { method: 'POST', body: '{}' });
    expect([response.status, await response.json()]).toMatchObject([
      402,
      { error: { code: 'payment_required' } },
    ]);
  });

  it('outlives requests that make no sense', async () => {
    expect(await raw('GET // HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 \d+/);
    expect(await raw('GET http://[bad HTTP/1.1\r\nhost: x\r\n\r\n')).toMatch(/^HTTP\/1.1 \d+/);
    expect(await raw('GET /v1/provider HTTP/1.1\r\nhost: x\r\n\r\n')).toContain('unknown_url');
    expect(await raw('nonsense\r\n\r\n')).toContain('400');
    const health = await get('/healthz');
    expect(await health.json()).toMatchObject({
      status: 'ok',
      version: '0.1.0',
      store: 'ok',
      nativeSignatures: server.nativeSignatures,
    });
  });
});

describe('the data folder', () => {
  it('keeps the relay’s key for its owner only', async () => {
    const data = join(folder, 'data');
    expect(statSync(join(data, 'relay.key')).mode & 0o777).toBe(0o600);
    expect(await loadRelayKey(data)).toEqual(await loadRelayKey(data));
    const key = readFileSync(join(data, 'relay.key'), 'utf8');
    writeFileSync(join(data, 'relay.key'), 'nonsense');
    await expect(loadRelayKey(data)).rejects.toMatchObject({ code: 'relay_key_invalid' });
    writeFileSync(join(data, 'relay.key'), key);
    expect(await loadRelayKey(undefined)).not.toEqual(await loadRelayKey(undefined));
  });
});

describe('what can’t start', () => {
  it('says that the port is busy', async () => {
    const start = startRelayServer({ port: server.port }, { log: SILENT_LOG });
    await expect(start).rejects.toMatchObject({
      code: 'port_busy',
      message: expect.stringContaining(`${server.port}`),
    });
  });

  it('names the model file that it can’t read', async () => {
    const models = join(folder, 'models');
    mkdirSync(join(models, 'broken'), { recursive: true });
    const file = join(models, 'broken', 'manifest.json');
    await expect(readModelFolder(models)).rejects.toMatchObject({
      code: 'models_unreadable',
      message: expect.stringContaining(file),
    });
    writeFileSync(file, '{"format":1}');
    await expect(readModelFolder(models)).rejects.toMatchObject({
      code: 'models_unreadable',
      message: expect.stringContaining(file),
    });
    await expect(readModelFolder(join(folder, 'nowhere'))).rejects.toMatchObject({
      code: 'models_unreadable',
    });
  });

  it.each<[string, RelayConfiguration]>([
    ['port', { port: 70_000 }],
    ['port', { port: 'http' }],
    ['free', { free: 'everybody' as never }],
    ['ownKeys', { ownKeys: ['short=0x00'] }],
    ['heartbeatMs', { heartbeatMs: -1 }],
    ['colour', { colour: 'red' } as never],
  ])('names the setting: %s in %j', (name, wrong) => {
    expect(() => readConfiguration(wrong)).toThrowError(
      expect.objectContaining({
        code: 'configuration_invalid',
        data: { name, problem: expect.stringContaining("can't be used: ") },
      }),
    );
  });
});

describe('the log of the process', () => {
  it('is one JSON line for each entry, from its level up', () => {
    const lines: string[] = [];
    const log = createPinoLog('warn', { write: (line) => void lines.push(line) });
    log.info({ a: 1 }, 'quiet');
    log.warn({ b: 2 }, 'heard');
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { level: 40, b: 2, msg: 'heard' },
    ]);
  });
});
