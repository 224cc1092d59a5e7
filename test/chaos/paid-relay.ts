import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TestChain, type TestChainOptions } from '../../scripts/network/test-chain.ts';
import { type Hex, toHex } from '../../src/core/bytes.ts';
import { cryptoRandom } from '../../src/core/random.ts';
import { connectWebSocket } from '../../src/provider/compute/browser-socket.ts';
import { Provider } from '../../src/provider/provider.ts';
import { createKeySigner } from '../../src/provider/wallet/key-signer.ts';
import { readModelFolder } from '../../src/relay/node/model-folder.ts';
import { loadRelayKey } from '../../src/relay/node/relay-key.ts';
import { createSystemClock } from '../../src/relay/node/system-clock.ts';
import { createSimEngine } from '../../src/sim/sim-engine.ts';

/** A relay as a process of its own on a real chain, that can be killed; a provider whose engine is none. */
export class PaidRelay {
  readonly url: string;
  readonly data: string;
  readonly chain: TestChain;
  readonly model: string;
  readonly provider: Provider;
  readonly account: Hex;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(
    data: string,
    chain: TestChain,
    port: number,
    model: Awaited<ReturnType<typeof firstModel>>,
    more: Readonly<Record<string, number>>,
  ) {
    const { escrow, hub, token } = chain.deployment;
    const { chainId, rpcUrl } = chain.anvil;
    const flags = {
      port,
      data,
      'rpc-url': rpcUrl,
      'chain-id': chainId,
      token,
      escrow: escrow,
      hub,
      confirmations: 1,
      'watch-ms': 200,
      faucet: 100_000_000,
      'price-out': '1.00',
      'price-prompt': '0.20',
      'min-deposit': 1000,
      log: 'error',
      ...more,
    };
    this.#flags = [
      ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]),
      '--quick',
    ];
    this.url = `http://127.0.0.1:${port}`;
    this.data = data;
    this.chain = chain;
    this.model = model.id;
    const signer = createKeySigner(cryptoRandom.bytes(32));
    this.account = signer.account;
    const clock = createSystemClock();
    this.provider = new Provider({
      relayUrl: `ws://127.0.0.1:${port}/v1/provider`,
      connect: connectWebSocket,
      clock,
      random: cryptoRandom,
      signer,
      engine: createSimEngine({ clock, slots: 8, stepMs: 10, context: model.context, vocab: 200 }),
      model: { offer: { id: model.id, ...model.ref }, stopIds: [], stopWhen: () => () => false },
      store: { put: async () => {}, leaves: async () => undefined },
    });
  }

  /** @param more flags over those that it has anyway */
  static async open(
    chainOptions: TestChainOptions = { blockSeconds: 1 },
    more: Readonly<Record<string, number>> = {},
  ): Promise<PaidRelay> {
    const data = mkdtempSync(join(tmpdir(), 'paid-'));
    const key = await loadRelayKey(data);
    const chain = await TestChain.start({ relayKey: toHex(key.privateKey), ...chainOptions });
    const relay = new PaidRelay(data, chain, await freePort(), await firstModel(), more);
    await relay.start();
    relay.provider.start();
    return relay;
  }

  /** Names the money, as its ledger is opened. */
  get book(): string {
    const { escrow, hub, token } = this.chain.deployment;
    return `chain ${this.chain.anvil.chainId}, token ${token}, escrow ${escrow}, hub ${hub}`;
  }

  /** Resolves when it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, ['src/cli/main.ts', 'relay', ...this.#flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    await Promise.race([
      once(child.stdout, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('The relay did not start.'))),
    ]);
  }

  async end(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  /** Whether the provider has found it again. */
  async isServing(): Promise<boolean> {
    const answer = await fetch(`${this.url}/v1/models`).then((response) => response.json());
    return (answer as { data: unknown[] }).data.length > 0;
  }

  async close(): Promise<void> {
    await this.provider.stop();
    await this.end('SIGKILL');
    await this.chain.close();
    rmSync(this.data, { recursive: true });
  }
}

async function firstModel() {
  const [model] = await readModelFolder('public/models');
  if (!model) throw new Error('There is no model.');
  return model;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
