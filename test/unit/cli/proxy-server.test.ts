import { request as send } from 'node:http';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ProxyServer, startProxyServer } from '../../../src/cli/proxy-server.ts';
import { createAgent, type TestAgent, textOf } from '../sdk/support/agent.ts';
import { ScriptedRelay } from '../sdk/support/scripted-relay.ts';
import { RELAY } from '../sdk/support/scripted-terms.ts';

const order = { model: 'bytes', messages: [{ role: 'user' as const, content: 'Hello.' }] };

let relay: ScriptedRelay;
let agent: TestAgent;
let proxy: ProxyServer;

beforeEach(async () => {
  relay = new ScriptedRelay();
  agent = createAgent(relay);
  proxy = await startProxyServer({ client: agent.client, relay: RELAY, port: 0 });
});
afterEach(() => proxy.close(0));

function post(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${proxy.url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
}

describe('the proxy', () => {
  it('pays for plain requests that know nothing of payment', async () => {
    const streamed = await post({ ...order, stream: true });
    expect(streamed.headers.get('content-type')).toContain('text/event-stream');
    const text = await streamed.text();
    expect(textOf(text)).toBe(relay.answer);
    expect(text).not.toMatch(/token_ids|payment-/);
    expect(await (await post({ ...order, max_tokens: 3 })).json()).toMatchObject({
      choices: [{ message: { content: 'xxx' }, finish_reason: 'length' }],
    });
    await agent.client.idle();
    expect(agent.problems()).toEqual([]);
    expect(relay.channel.spent).toBe(agent.client.channel?.spent);
  });

  it('serves the openai package by its base URL alone', async () => {
    const openai = new OpenAI({ baseURL: proxy.url, apiKey: 'sk-secret', maxRetries: 0 });
    const keys: (string | null)[] = [];
    const { fetch: through } = relay;
    Object.assign(relay, {
      fetch: (...given: Parameters<typeof through>) => {
        keys.push(new Headers(given[1]?.headers ?? {}).get('authorization'));
        return through(...given);
      },
    });
    expect((await openai.models.list()).data).toEqual([{ id: 'bytes' }]);
    expect((await openai.chat.completions.create(order)).choices[0]?.message.content).toBe(relay.answer);
    expect(keys.join(' ')).not.toContain('sk-secret');
  });

  it('tells of its health and its channel, and of paths that are none', async () => {
    await (await post(order)).text();
    const health = await fetch(proxy.url.replace('/v1', '/healthz'));
    expect(await health.json()).toMatchObject({
      status: 'ok',
      relay: RELAY,
      channel: { phase: 'open', deposit: '1000000', live: 0 },
    });
    const unknown = await fetch(proxy.url.replace('/v1', '/other'));
    expect([unknown.status, ((await unknown.json()) as { error: { code: string } }).error.code]).toEqual([
      404,
      'unknown_url',
    ]);
  });

  it('says so where the relay does not answer, or refuses', async () => {
    expect((await fetch(`${proxy.url}/nothing`)).status).toBe(404);
    relay.mischief.wire = () => {
      throw new TypeError('The network failed.');
    };
    const failed = await post(order);
    expect([failed.status, await failed.json()]).toMatchObject([
      502,
      { error: { code: 'relay_unreachable' } },
    ]);
  });

  it('spends nothing for web pages of others, nor under other names', async () => {
    const page = await post(order, { origin: 'https://evil.example' });
    expect([page.status, relay.asked]).toEqual([403, 0]);
    const { hostname, port } = new URL(proxy.url);
    const status = await new Promise((resolve) => {
      const path = '/v1/chat/completions';
      send({ hostname, port, path, method: 'POST', headers: { host: 'evil.example' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).end('{}');
    });
    expect([status, relay.asked]).toEqual([403, 0]);
    expect((await post(order, { origin: 'http://localhost:3000' })).status).toBe(200);
  });

  it('cancels at the relay what its caller leaves', async () => {
    relay.answer = 'y'.repeat(250);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 2));
    const abort = new AbortController();
    const response = await fetch(`${proxy.url}/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ ...order, stream: true }),
      signal: abort.signal,
    });
    await response.body?.getReader().read();
    abort.abort();
    await vi.waitFor(() => expect(relay.jobs[0]?.isLive).toBe(false));
    await vi.waitFor(() => expect(agent.client.channel?.live).toBe(0));
  });

  it('cuts what still runs when it ends', async () => {
    relay.answer = 'y'.repeat(250);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 20));
    const response = await post({ ...order, stream: true });
    const text = response.text().catch((error: unknown) => String(error));
    await proxy.close(10);
    expect(await text).toContain('terminated');
    await vi.waitFor(() => expect(agent.client.channel?.live).toBe(0));
  });
});
