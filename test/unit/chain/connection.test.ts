import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ChainReader } from '../../../src/chain/chain-reader.ts';
import { systemClock } from '../../../src/sdk/system-clock.ts';

const ANSWERS: Readonly<Record<string, readonly [status: number, type: string, body: string]>> = {
  '/page': [200, 'text/html', '<html>'],
  '/json': [200, 'application/json', '{"ok":true}'],
  '/missing': [404, 'text/plain', 'no'],
};
let server: Server;
let host: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [status, type, body] = ANSWERS[request.url?.split('?')[0] ?? ''] ?? [500, 'text/plain', ''];
    response.writeHead(status, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

it.each([
  ['/page', "answers, but not as a chain's RPC does."],
  ['/json', "answers, but not as a chain's RPC does."],
  ['/missing', 'answers with HTTP 404.'],
])('a server that is no RPC is told from one that is gone: %s', async (path, words) => {
  const chain = new ChainReader({
    rpcUrl: `http://user:SECRET@${host}${path}?key=SECRET`,
    chainId: 1,
    confirmations: 1,
    clock: systemClock,
  });
  await expect(chain.checkChain()).rejects.toMatchObject({
    code: 'chain_unreachable',
    message: `${host} ${words}`,
    data: { host },
  });
  // What comes later may be shown to strangers: they do not hear whose RPC it is.
  await expect(chain.newestBlock()).rejects.toMatchObject({ message: 'The chain does not answer.' });
});
