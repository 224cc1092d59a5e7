import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import { readDollars } from '../../../../src/chain/dollar.ts';
import { readPaid } from '../../../../src/chain/hub.ts';
import { type Hex, toHex } from '../../../../src/core/bytes.ts';
import { cryptoRandom } from '../../../../src/core/random.ts';
import { connectWebSocket } from '../../../../src/provider/compute/browser-socket.ts';
import { Provider } from '../../../../src/provider/provider.ts';
import { createKeySigner } from '../../../../src/provider/wallet/key-signer.ts';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import type { RelayConfiguration } from '../../../../src/relay/node/configuration.ts';
import { readModelFolder } from '../../../../src/relay/node/model-folder.ts';
import { loadRelayKey } from '../../../../src/relay/node/relay-key.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { createSystemClock } from '../../../../src/relay/node/system-clock.ts';
import { askFaucet, type Client, createClient, createPrivateKey } from '../../../../src/sdk/index.ts';
import { createSimEngine } from '../../../../src/sim/sim-engine.ts';

const data = mkdtempSync(join(tmpdir(), 'money-'));
const clock = createSystemClock();
const signer = createKeySigner(cryptoRandom.bytes(32));
let chain: TestChain;
let server: RelayServer;
let provider: Provider;
let client: Client;

type ChainSettings = NonNullable<RelayConfiguration['chain']>;

/** A relay with money on a real chain, and a provider whose engine is none. */
beforeAll(async () => {
  const key = await loadRelayKey(data);
  chain = await TestChain.start({ relayKey: toHex(key.privateKey), blockSeconds: 1 });
  const { escrow, hub, token } = chain.deployment;
  const { chainId, rpcUrl } = chain.anvil;
  const prices = { priceOut: '1.00', pricePrompt: '0.20', minDeposit: '1000' };
  const money = { rpcUrl, chainId, token, escrow, hub, confirmations: 1, watchMs: 200, faucet: '1000000' };
  server = await startRelayServer(
    { port: 0, data, chain: { ...money, ...prices, quick: true } },
    { log: SILENT_LOG },
  );
  const model = (await readModelFolder('public/models'))[0];
  if (!model) throw new Error('There is no model.');
  provider = new Provider({
    relayUrl: `${server.url.replace('http', 'ws')}/v1/provider`,
    connect: connectWebSocket,
    clock,
    random: cryptoRandom,
    signer,
    engine: createSimEngine({ clock, slots: 4, stepMs: 5, context: model.context, vocab: 200 }),
    model: { offer: { id: model.id, ...model.ref }, stopIds: [], stopWhen: () => () => false },
    store: { put: async () => {}, leaves: async () => undefined },
  });
  provider.start();
  const wallet = createPrivateKey();
  client = createClient({ relay: server.url, wallet, budget: '0.10' });
  await askFaucet(server.url, client.address);
}, 60_000);

afterAll(async () => {
  await provider.stop();
  await server.close(0);
  await chain.close();
  clock.stop();
  rmSync(data, { recursive: true });
});

describe('a relay that can not be paid as configured does not start, and says why', () => {
  it.each<[string, (right: ChainSettings) => ChainSettings, string]>([
    [
      'an RPC that is not there',
      (right) => ({ ...right, rpcUrl: 'http://127.0.0.1:1' }),
      'chain_unreachable',
    ],
    ['another chain', (right) => ({ ...right, chainId: 1 }), 'chain_mismatch'],
    ['no contract', (right) => ({ ...right, escrow: `0x${'12'.repeat(20)}` }), 'contract_missing'],
    ['a hub of somebody else', (right) => right, 'hub_not_ours'],
    ['a faucet for real money', (right) => ({ ...right, chainId: 8453, faucet: '1' }), 'faucet_refused'],
    ['a price of nothing known', (right) => ({ ...right, prices: ['gpt=1/1'] }), 'configuration_invalid'],
    ['a price that is none', (right) => ({ ...right, priceOut: 'cheap' }), 'configuration_invalid'],
  ])('%s', async (_name, change, code) => {
    const { escrow, hub, token } = chain.deployment;
    const { chainId, rpcUrl } = chain.anvil;
    const settings = change({ rpcUrl, chainId, token, escrow, hub });
    await expect(startRelayServer({ port: 0, chain: settings }, { log: SILENT_LOG })).rejects.toMatchObject({
      code,
    });
  });

  it('and names the key that the hub was deployed for', async () => {
    const { escrow, hub, token } = chain.deployment;
    const { chainId, rpcUrl } = chain.anvil;
    const settings = { rpcUrl, chainId, token, escrow, hub };
    await expect(startRelayServer({ port: 0, chain: settings }, { log: SILENT_LOG })).rejects.toThrow(
      new RegExp(`the --data whose key is ${chain.relay.account}, or deploy a hub with --signer 0x.{40}\\.$`),
    );
    // Another coin, the same in every byte.
    const coin = newAccount().address;
    await chain.ask('anvil_setCode', [coin, await chain.relay.code(token)]);
    const other = { ...settings, token: coin, tokenName: 'Other', tokenVersion: '1' };
    await expect(startRelayServer({ port: 0, data, chain: other }, { log: SILENT_LOG })).rejects.toThrow(
      `Name its coin with --token ${token}, or deploy a hub for ${coin}.`,
    );
  });
});

describe('money on a real chain', () => {
  it('goes from an agent without gas to the relay and on to the provider, to the unit', async () => {
    const models = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
    const response = await client.fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: models.data[0]?.id,
        messages: [{ role: 'user', content: 'Speak.' }],
        max_tokens: 200,
      }),
    });
    const answer = (await response.json()) as { usage: { prompt_tokens: number; completion_tokens: number } };
    expect(response.status, JSON.stringify(answer)).toBe(200);
    expect(answer.usage.completion_tokens).toBe(200);
    await client.idle();
    expect(client.receipts.at(-1)?.problems).toEqual([]);
    const cost = BigInt(answer.usage.prompt_tokens) * 200_000n + 200n * 1_000_000n;
    const used = (cost + 999_999n) / 1_000_000n;
    const closed = await client.close();
    expect(closed).toMatchObject({ settled: used });
    const { token, hub } = chain.deployment;
    expect(await readDollars(chain.relay, token, client.address as Hex)).toBe(1_000_000n - used);
    await server.close(100);
    const share = (cost * 9_500n) / 10_000n / 1_000_000n;
    expect(await readPaid(chain.relay, hub, signer.account)).toBe(share);
    expect(await readDollars(chain.relay, token, signer.account)).toBe(share);
  }, 60_000);
});
