import { describe, expect, it } from 'vitest';
import type { CodedError } from '../../../src/core/errors.ts';
import { createFreeAccess } from '../../../src/relay/access/access.ts';
import type { ApiRequest } from '../../../src/relay/openai/api-request.ts';

const account = `0x${'ab'.repeat(20)}` as const;
const ownKeys = new Map([['my-own-key', account]]);

function request(ip: string, headers: Record<string, string> = {}): ApiRequest {
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    query: new URLSearchParams(),
    ip,
    header: (name) => headers[name],
    body: async () => '',
  };
}

function outcome(localhost: boolean, ip: string, headers?: Record<string, string>): string {
  try {
    return createFreeAccess({ localhost, ownKeys })(request(ip, headers)).agent;
  } catch (error) {
    return (error as CodedError).code;
  }
}

describe('free access', () => {
  it.each([
    ['127.0.0.1', {}],
    ['127.9.9.9', { host: '127.0.0.1:8787' }],
    ['::1', { host: '[::1]:8787' }],
    ['::ffff:127.0.0.1', { host: 'localhost:8787', origin: 'http://localhost:5173' }],
  ])('is for this machine: %s %j', (ip, headers) => {
    expect(outcome(true, ip, headers)).toBe(`ip:${ip}`);
    expect(outcome(false, ip, headers)).toBe('payment_required');
  });

  it.each<[string, string, Record<string, string>]>([
    ['another machine', '192.168.1.7', { host: '192.168.1.2:8787' }],
    ['one that looks local', '10.127.0.0', {}],
    ['a proxy here that speaks for somebody', '127.0.0.1', { 'x-forwarded-for': '203.0.113.9' }],
    ['a proxy that says so in the new way', '127.0.0.1', { forwarded: 'for=203.0.113.9' }],
    [
      'a stranger’s web page in a browser here',
      '127.0.0.1',
      { host: 'localhost:8787', origin: 'https://evil.example' },
    ],
    ['a page without an origin', '127.0.0.1', { origin: 'null' }],
    [
      'a name that was pointed at this machine',
      '127.0.0.1',
      { host: 'evil.example:8787', origin: 'http://evil.example:8787' },
    ],
    ['a name that only begins well', '127.0.0.1', { host: 'localhost.evil.example' }],
  ])('is not for %s', (_name, ip, headers) => {
    expect(outcome(true, ip, headers)).toBe('payment_required');
  });

  it('knows agents by their key, so that fairness is between them', () => {
    const authorization = 'Bearer sk-abc';
    expect(outcome(true, '127.0.0.1', { authorization })).not.toBe(
      outcome(true, '127.0.0.1', { authorization: `${authorization}d` }),
    );
  });

  it('is for whoever holds the key of their own GPU, from anywhere, on that GPU only', () => {
    const access = createFreeAccess({ localhost: false, ownKeys });
    expect(access(request('203.0.113.9', { authorization: 'Bearer my-own-key' }))).toMatchObject({
      only: account,
    });
    expect(outcome(false, '127.0.0.1', { authorization: 'Bearer my-own-keys' })).toBe('payment_required');
    expect(outcome(false, '127.0.0.1', { authorization: 'Basic my-own-key' })).toBe('payment_required');
  });
});

describe('payment_required', () => {
  it('is a 402 that says how to configure it, before the body is read', async () => {
    const { createRelayWorld } = await import('./support/relay-world.ts');
    const world = createRelayWorld({ access: createFreeAccess({ localhost: false, ownKeys: new Map() }) });
    world.join();
    const agent = world.request({ method: 'POST', path: '/v1/chat/completions', body: 'not even JSON' });
    await world.settle();
    expect([agent.status, agent.errorCode, agent.headers['x-should-retry']]).toEqual([
      402,
      'payment_required',
      'false',
    ]);
    expect(agent.json.error?.message).toMatch(/--free localhost.*--own-key/);
  });
});
