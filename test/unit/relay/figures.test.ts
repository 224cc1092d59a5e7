import { CloseCode } from '../../../src/protocol/wire/frame-socket.ts';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/core/errors.ts';
import { createMemoryReceiptStore } from '../../../src/relay/receipts/memory-receipt-store.ts';
import { BYTE_MODEL, bytes } from './support/byte-model.ts';
import { createRelayWorld, letters, type RelayWorld } from './support/relay-world.ts';

async function get(world: RelayWorld, path: string) {
  const agent = world.request({ path });
  await world.settle();
  return { status: agent.status, body: agent.json as object, headers: agent.headers };
}

describe('GET /v1/models', () => {
  it('lists what somebody serves now, with its room', async () => {
    const world = createRelayWorld();
    expect((await get(world, '/v1/models')).body).toEqual({ object: 'list', data: [] });
    const { provider } = world.join({ slots: 3 });
    world.join({ slots: 1 });
    await world.ask();
    const listed = {
      id: 'bytes',
      object: 'model',
      created: 1_800_000_000,
      owned_by: 'afterglow',
      kind: 'chat',
      context: 256,
      ...BYTE_MODEL.ref,
      providers: 2,
      slots: 4,
      free_slots: 3,
      features: expect.arrayContaining(['stream', 'top_p', 'logprobs', 'json_schema']) as string[],
    };
    expect((await get(world, '/v1/models')).body).toEqual({ object: 'list', data: [listed] });
    expect((await get(world, '/v1/models/bytes')).body).toEqual(listed);
    expect(await get(world, '/v1/models/other')).toMatchObject({
      status: 404,
      body: { error: { code: 'model_not_found' } },
    });
    expect((await get(world, '/v1/models/%E0%A4%A')).status).toBe(404);
    provider.send({ type: 'models', models: [] });
    expect((await get(world, '/v1/models')).body).toMatchObject({ data: [{ providers: 1, slots: 1 }] });
  });
});

describe('GET /v1/network', () => {
  it('tells anybody what goes on, and nothing of anybody’s job', async () => {
    const world = createRelayWorld();
    const tab = world.join({ slots: 2 });
    world.join({
      slots: 1,
      gpu: { class: 'nvidia/ampere', backend: 'webgpu', software: false, description: 'fast' },
    });
    await world.ask({ max_tokens: 3 });
    tab.provider.attempt.give(letters(3));
    tab.provider.attempt.finish('length');
    await world.ask();
    tab.provider.attempts[1]?.give(letters(2));
    await world.settle();
    const { body, headers } = await get(world, '/v1/network');
    expect(body).toMatchObject({
      startedAt: 1_800_000_000_000,
      providers: {
        connected: 2,
        classes: [
          { class: 'test/gpu', backend: 'cpu', software: true, providers: 1, slots: 2 },
          { class: 'nvidia/ampere', backend: 'webgpu', software: false, providers: 1, slots: 1 },
        ],
      },
      jobs: { running: 1, waiting: 0, finished: 1, failed: 0, cancelled: 0 },
      tokens: 5,
      moves: { total: 0, recent: [] },
    });
    expect(headers).toMatchObject({ 'access-control-allow-origin': '*', 'cache-control': 'no-store' });
  });
});

describe('GET /healthz', () => {
  it('says what stands and what does not', async () => {
    const memory = createMemoryReceiptStore();
    let broken = false;
    const store = {
      ...memory,
      list: async (range: Parameters<typeof memory.list>[0]) => {
        if (broken) throw new CodedError('store_failed', 'The disk is gone.');
        return memory.list(range);
      },
    };
    const world = createRelayWorld({ store, version: '1.2.3', nativeSignatures: true });
    world.join();
    await world.clock.advance(1_000);
    expect(await get(world, '/healthz')).toMatchObject({
      status: 200,
      body: {
        status: 'ok',
        version: '1.2.3',
        uptimeSeconds: 1,
        providers: 1,
        jobs: 0,
        store: 'ok',
        nativeSignatures: true,
      },
    });
    broken = true;
    expect(await get(world, '/healthz')).toMatchObject({
      status: 503,
      body: { status: 'failing', store: 'store_failed' },
    });
  });
});

describe('GET /metrics', () => {
  it('gives Prometheus what an operator watches', async () => {
    const world = createRelayWorld({ nativeSignatures: true });
    world.join({ slots: 5 });
    await world.ask();
    const agent = world.request({ path: '/metrics' });
    await world.settle();
    expect(agent.headers['content-type']).toContain('text/plain; version=0.0.4');
    expect(agent.text).toContain('# TYPE afterglow_jobs_running gauge\nafterglow_jobs_running 1\n');
    expect(agent.text).toContain('afterglow_slots 5\n');
    expect(agent.text).toContain('afterglow_native_signatures 1\n');
  });
});

describe('other pages', () => {
  it('may call, and are told what they may', async () => {
    const world = createRelayWorld();
    const agent = world.request({
      method: 'OPTIONS',
      path: '/v1/chat/completions',
      headers: { 'access-control-request-headers': 'x-stainless-os' },
    });
    await world.settle();
    expect(agent.status).toBe(204);
    expect(agent.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'x-stainless-os',
    });
  });
});

describe('A6 the log', () => {
  it('has a line for each request, and never a prompt, an output, an id or a key', async () => {
    const lines: string[] = [];
    const write = (fields: object, message: string): void =>
      void lines.push(JSON.stringify({ ...fields, message }));
    const world = createRelayWorld({ log: { info: write, warn: write, error: write } });
    const headers = { authorization: 'Bearer secret-key' };
    const messages = [{ role: 'user', content: 'SECRETPROMPT' }];
    const first = world.join();
    await world.ask({ messages, stop: 'SECRETSTOP' }, { headers });
    first.provider.attempt.give(bytes('SECRETOUTPUT'));
    const second = world.join();
    first.socket.deliver('{"SECRETFRAME":');
    second.provider.attempt.give(bytes('MORESECRETOUTPUT'));
    second.provider.send({ type: 'error', code: 'odd', message: 'I am odd.' });
    second.socket.drop();
    await world.ask({ messages: [{ role: 'SECRETROLE', content: 'SECRETPROMPT' }] }, { headers });
    await world.ask({ messages, max_tokens: 'SECRETLIMIT', SECRETFIELD: 1 }, { headers });
    await world.clock.advance(40_000);
    const log = lines.join('\n');
    expect(lines.filter((line) => line.includes('"path":"/v1/chat/completions"'))).toHaveLength(3);
    expect(log).toContain('"outcome":"no_provider"');
    expect(log).toContain('"outputTokens":28');
    expect(log).toContain('I am odd.');
    expect(log).not.toContain('SECRET');
    expect(log).not.toContain('secret-key');
    expect(log).not.toContain(bytes('SECRET').join(','));
  });
});

describe('closing a relay', () => {
  it('waits for the jobs that run, takes no new ones, and ends the rest with draining', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join({ slots: 2 });
    const [short, long] = [await world.ask({ max_tokens: 2 }), await world.ask({ max_tokens: 20 })];
    const closing = world.relay.close(1_000);
    expect(socket.received.at(-1)).toMatchObject({ type: 'drain' });
    expect(await world.ask()).toMatchObject({ status: 503, errorCode: 'draining' });
    // A provider that comes back meanwhile would keep the server from ending.
    expect(world.dial().socket.closed).toMatchObject({ code: CloseCode.draining });
    provider.attempts[0]?.give(letters(2));
    provider.attempts[0]?.finish('length');
    await world.settle();
    expect(short.done).toBe(true);
    expect(long.ended).toBe(false);
    await world.clock.advance(1_001);
    await closing;
    expect(long.errorCode).toBe('draining');
    expect(socket.closed?.code).toBe(4010);
    expect((await world.receipt(long)).attempts).toMatchObject([{ ended: 'draining' }]);
  });
});
