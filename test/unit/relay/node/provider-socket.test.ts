import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import { readModelFolder } from '../../../../src/relay/node/model-folder.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { dialRelay, joinRelay, type SocketProvider } from './socket-provider.ts';

let server: RelayServer;
let honest: SocketProvider;
let accounts = 10;
let offers: { id: string; manifest: `0x${string}`; variant: string }[];

beforeAll(async () => {
  server = await startRelayServer({ port: 0, free: 'localhost' }, { log: SILENT_LOG });
  offers = (await readModelFolder('public/models')).map(({ id, ref }) => ({ id, ...ref }));
  honest = await joinRelay(server, accounts++, offers.slice(0, 1), 8);
});
afterAll(() => server.close(0));

/** Starts a job that a provider then breaks a rule on, and reads its answer to the end. */
async function ask(body: object = {}): Promise<string> {
  const messages = [{ role: 'user', content: 'Speak.' }];
  const text = JSON.stringify({ model: offers[0]?.id, messages, max_tokens: 4, ...body });
  const response = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', body: text });
  const answer = (await response.json()) as { choices?: { message: { content: string } }[] };
  return answer.choices?.[0]?.message.content ?? JSON.stringify(answer);
}

/** Gets the next job, does wrong with it, and loses it to the honest one, which ends it. */
async function breakRule(
  wrong: (bad: SocketProvider) => void,
): Promise<{ codes: string[]; close: number; answer: string }> {
  const bad = await joinRelay(server, accounts++, offers.slice(0, 1), 60);
  honest.provider.onAssign = (attempt) => {
    attempt.give([200, 201, 202, 203].slice(attempt.assignment.prior.length));
    attempt.finish('length');
  };
  bad.provider.onAssign = () => wrong(bad);
  const answer = await ask();
  return { codes: bad.provider.errors, close: await bad.closed, answer };
}

describe('a provider on a real socket that breaks a rule', () => {
  it.each<[string, string[], number, (bad: SocketProvider) => void]>([
    ['W1 a frame over the cap', ['frame_too_large'], 1009, ({ ws }) => ws.send('x'.repeat(70_000))],
    ['W1 a frame far over the cap', [], 1009, ({ ws }) => ws.send('x'.repeat(1_000_000))],
    ['W1 a binary frame', ['frame_malformed'], 4000, ({ ws }) => ws.send(Buffer.from('{}'))],
    [
      'W5 tokens for a job not its own',
      ['attempt_not_yours'],
      4000,
      ({ provider }) => provider.send({ type: 'delta', job: `0x${'00'.repeat(16)}`, lease: 0, ids: [1] }),
    ],
    [
      'C6 tokens beyond its credit',
      ['credit_exceeded'],
      4000,
      ({ provider }) => provider.attempt.give([200, 201, 202, 203, 204]),
    ],
  ])('%s: is told and closed, and its job ends elsewhere', async (_name, codes, close, wrong) => {
    const outcome = await breakRule(wrong);
    expect(outcome.codes).toEqual(codes);
    expect(outcome.close).toBe(close);
    expect(outcome.answer).not.toContain('error');
    expect(outcome.answer.length).toBeGreaterThan(2);
    expect(honest.ws.readyState).toBe(WebSocket.OPEN);
  });

  it('W2 another version: is told both and closed', async () => {
    const { provider, closed } = await dialRelay(server, accounts++);
    provider.hello({ version: 7 });
    expect(await closed).toBe(4001);
    expect(provider.errors).toEqual(['version_unsupported']);
  });

  it('anywhere but at its path finds no socket', async () => {
    for (const path of ['/v1/other', '/', '//%zz']) {
      const ws = new WebSocket(`${server.url.replace('http', 'ws')}${path}`);
      const error = await new Promise<Error>((resolve) => ws.on('error', resolve));
      expect(error.message).toContain('404');
    }
  });
});

describe('a relay that is closed', () => {
  it('tells its providers and lets the port go', async () => {
    const other = await startRelayServer({ port: 0, free: 'localhost' }, { log: SILENT_LOG });
    const { closed } = await joinRelay(other, accounts++, offers);
    await other.close(0);
    expect(await closed).toBe(4010);
    const again = await startRelayServer({ port: other.port, free: 'localhost' }, { log: SILENT_LOG });
    await again.close(0);
  });
});
