import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { newAccount, TestChain, type TestChainOptions } from '../../../scripts/network/test-chain.ts';
import type { ChainClient } from '../../../src/chain/chain-client.ts';
import { type ChannelState, readChannel } from '../../../src/chain/channel.ts';
import { deploy } from '../../../src/chain/deploy.ts';
import { readDollars } from '../../../src/chain/dollar.ts';
import { type Hex, toHex } from '../../../src/core/bytes.ts';
import { cryptoRandom } from '../../../src/core/random.ts';
import { connectWebSocket } from '../../../src/provider/compute/browser-socket.ts';
import { type JobReceipt, jobReceiptSchema } from '../../../src/protocol/money/receipt.ts';
import { createMemoryPayouts, type MemoryPayouts } from '../../../src/provider/income/payout-store.ts';
import { Provider } from '../../../src/provider/provider.ts';
import { createKeySigner } from '../../../src/provider/wallet/key-signer.ts';
import { SILENT_LOG } from '../../../src/relay/log.ts';
import type { RelayConfiguration } from '../../../src/relay/node/configuration.ts';
import { readModelFolder } from '../../../src/relay/node/model-folder.ts';
import { loadRelayKey } from '../../../src/relay/node/relay-key.ts';
import { type RelayServer, startRelayServer } from '../../../src/relay/node/relay-server.ts';
import { createSystemClock } from '../../../src/relay/node/system-clock.ts';
import { type Client, createClient } from '../../../src/sdk/index.ts';
import { createSimEngine } from '../../../src/sim/sim-engine.ts';
import { RpcGate } from './rpc-gate.ts';

export interface SceneOptions {
  readonly chain?: TestChainOptions;
  /** A chain that is there already: the relay shares its coin and escrow, and has a hub of its own. */
  readonly on?: TestChain;
  /** Of the relay, over what a scene has anyway. */
  readonly money?: Partial<NonNullable<RelayConfiguration['chain']>>;
  /** Blocks that the relay's RPC is behind, from its start on. */
  readonly lag?: bigint;
  /** Pico that the provider lets the relay owe it. */
  readonly creditLimit?: bigint;
}

/** What everybody pays: a dollar a million tokens, so that a token is a base unit. */
const PRICES = { priceOut: '1.00', pricePrompt: '0.20', minDeposit: '1000' };

/** An agent: a wallet with test dollars, and the SDK's client of one relay. */
export interface SceneAgent {
  readonly key: Hex;
  readonly address: Hex;
  readonly client: Client;
  /** Its own connection to the chain; it has gas only if it was given some. */
  readonly chain: ChainClient;
  readonly channel: Hex;
}

export interface Answer {
  readonly status: number;
  readonly body: {
    readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number };
    readonly error?: { readonly code: string };
  };
}

/** A relay with its ledger on a disk, on a chain of its own behind a gate, and a provider whose engine is none. */
export class PaidScene implements AsyncDisposable {
  readonly chain: TestChain;
  /** The relay's own account, past the gate. */
  readonly relayChain: ChainClient;
  readonly gate: RpcGate;
  readonly server: RelayServer;
  readonly provider: Provider;
  /** What the provider's tab has stored. */
  readonly payouts: MemoryPayouts;
  readonly account: Hex;
  readonly model: string;
  readonly #data: string;
  readonly #ends: { readonly clock: () => void; readonly chain: () => Promise<void> };
  #open = true;

  private constructor(
    parts: Pick<
      PaidScene,
      'chain' | 'relayChain' | 'gate' | 'server' | 'provider' | 'payouts' | 'account' | 'model'
    >,
    data: string,
    ends: { readonly clock: () => void; readonly chain: () => Promise<void> },
  ) {
    ({
      chain: this.chain,
      relayChain: this.relayChain,
      gate: this.gate,
      server: this.server,
      provider: this.provider,
      payouts: this.payouts,
      account: this.account,
      model: this.model,
    } = parts);
    this.#data = data;
    this.#ends = ends;
  }

  static async open({
    chain: chainOptions,
    on,
    money = {},
    lag = 0n,
    creditLimit,
  }: SceneOptions = {}): Promise<PaidScene> {
    const data = mkdtempSync(join(tmpdir(), 'adversaries-'));
    const key = await loadRelayKey(data);
    const relayKey = toHex(key.privateKey);
    const chain = on ?? (await TestChain.start({ relayKey, ...chainOptions }));
    const relayChain = chain.connect(relayKey);
    const gate = await RpcGate.open(chain.anvil.rpcUrl);
    gate.lag = lag;
    if (lag > 0n) await chain.mine(Number(lag) + 1);
    const { escrow, token } = chain.deployment;
    const hub = on ? await hubOn(on, relayChain) : chain.deployment.hub;
    const { chainId } = chain.anvil;
    const place = { rpcUrl: gate.url, chainId, token, escrow, hub };
    const settings = { confirmations: 1, watchMs: 100, quick: true, ...PRICES, ...money };
    const server = await startRelayServer(
      { port: 0, data, queueMs: 1_000, chain: { ...place, ...settings } },
      { log: SILENT_LOG },
    );
    const [model] = await readModelFolder('public/models');
    if (!model) throw new Error('There is no model.');
    const clock = createSystemClock();
    const signer = createKeySigner(cryptoRandom.bytes(32));
    const payouts = createMemoryPayouts();
    const provider = new Provider({
      relayUrl: `${server.url.replace('http', 'ws')}/v1/provider`,
      connect: connectWebSocket,
      clock,
      random: cryptoRandom,
      signer,
      engine: createSimEngine({ clock, slots: 4, stepMs: 3, context: model.context, vocab: 200 }),
      model: { offer: { id: model.id, ...model.ref }, stopIds: [], stopWhen: () => () => false },
      store: { put: async () => {}, leaves: async () => undefined },
      payouts,
      ...(creditLimit === undefined ? {} : { creditLimit }),
    });
    provider.start();
    const parts = {
      chain,
      relayChain,
      gate,
      server,
      provider,
      payouts,
      account: signer.account,
      model: model.id,
    };
    const scene = new PaidScene(parts, data, {
      clock: () => clock.stop(),
      chain: async () => (on ? undefined : chain.close()),
    });
    await scene.until(async () => (await scene.#live()) > 0, 'the provider to be there');
    return scene;
  }

  async #live(): Promise<number> {
    const answer = await fetch(`${this.server.url}/v1/models`);
    return ((await answer.json()) as { data: unknown[] }).data.length;
  }

  /** @param gas wei: without it the agent can only sign */
  async agent({
    dollars = 1_000_000n,
    gas = 0n,
    budget = '0.10',
    deposit = '0.01',
  } = {}): Promise<SceneAgent> {
    const { key, address } = newAccount();
    await this.chain.fund(address, dollars, gas);
    const client = createClient({ relay: this.server.url, wallet: key, budget, deposit });
    return {
      key,
      address,
      client,
      chain: this.chain.connect(key),
      get channel() {
        return client.channel?.channelId as Hex;
      },
    };
  }

  /** An agent whose channel is open already. */
  async agentWithChannel(): Promise<SceneAgent> {
    const agent = await this.agent();
    const { refusesTransactions } = this.gate;
    this.gate.refusesTransactions = false;
    await agent.client.open();
    this.gate.refusesTransactions = refusesTransactions;
    return agent;
  }

  /** A whole answer, paid for. @returns status, and the body as JSON */
  async ask(client: Client, tokens: number): Promise<Answer> {
    const response = await client.fetch(`${this.server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: this.model,
        messages: [{ role: 'user', content: 'Speak.' }],
        max_tokens: tokens,
      }),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  /** An answer as a stream, however it ends. @returns its job, once nothing more comes */
  async stream(client: Client, tokens: number): Promise<string> {
    const response = await client.fetch(`${this.server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: this.model,
        messages: [{ role: 'user', content: 'Speak.' }],
        max_tokens: tokens,
        stream: true,
      }),
    });
    await response.text();
    return response.headers.get('x-afterglow-job') ?? '';
  }

  async receipt(job: string): Promise<JobReceipt> {
    const response = await fetch(`${this.server.url}/v1/receipts/${job}`);
    return jobReceiptSchema.parse(await response.json());
  }

  async channelState(id: Hex): Promise<ChannelState> {
    const state = await readChannel(this.chain.relay, this.chain.deployment.escrow, id);
    if (!state) throw new Error('There is no such channel.');
    return state;
  }

  /** What answers of so many tokens to `ask`'s prompt cost in base units, all in all. */
  cost(answers: readonly Answer[]): bigint {
    const pico = answers.reduce(
      (sum, { body: { usage } }) =>
        sum + BigInt(usage.prompt_tokens) * 200_000n + BigInt(usage.completion_tokens) * 1_000_000n,
      0n,
    );
    return (pico + 999_999n) / 1_000_000n;
  }

  dollars(of: Hex): Promise<bigint> {
    return readDollars(this.chain.relay, this.chain.deployment.token, of);
  }

  /** @throws Error when it does not come true within `seconds` */
  async until(test: () => Promise<boolean> | boolean, what: string, seconds = 15): Promise<void> {
    const began = performance.now();
    while (!(await test())) {
      if (performance.now() - began > seconds * 1_000) throw new Error(`Waited in vain for ${what}.`);
      await pause(50);
    }
  }

  /** The relay is gone, and says nothing any more. */
  async vanish(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.provider.stop();
    await this.server.close(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vanish();
    this.#ends.clock();
    await this.gate.close();
    await this.#ends.chain();
    rmSync(this.#data, { recursive: true });
  }
}

/** A hub of this relay's, for the coin that is there. */
async function hubOn(chain: TestChain, relay: ChainClient): Promise<Hex> {
  const owner = relay.account as Hex;
  await chain.fund(owner, 0n, 10n ** 18n);
  const { token } = chain.deployment;
  return (await deploy(relay, { gracePeriod: 60, owner, signer: owner, token })).hub;
}
