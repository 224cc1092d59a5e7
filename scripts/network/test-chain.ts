import { ChainClient, type ChainOptions } from '../../src/chain/chain-client.ts';
import { deploy } from '../../src/chain/deploy.ts';
import type { Deployment } from '../../src/chain/deployment.ts';
import { mintCall } from '../../src/chain/dollar.ts';
import { fromHex, type Hex, toHex } from '../../src/core/bytes.ts';
import { addressOf } from '../../src/protocol/money/signature.ts';
import { createSystemClock } from '../../src/relay/node/system-clock.ts';
import { type Anvil, startAnvil, type AnvilOptions } from './anvil.ts';

export interface TestChainOptions extends AnvilOptions {
  /** The relay's key: owns the hub and signs payouts. A new one if missing. */
  readonly relayKey?: Hex;
  /** Who signs payouts, where that is not the relay's key. */
  readonly signer?: Hex;
  /** Seconds between a request to close and the withdrawal. */
  readonly gracePeriod?: number;
}

/** The first of anvil's accounts, whose key is public: it holds the test chain's gas. */
const RICH_KEY: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80';

const clock = createSystemClock();

/** A local chain with a test dollar, a channel contract and a hub on it. For the demo, the tests and the benchmarks. */
export class TestChain implements AsyncDisposable {
  readonly anvil: Anvil;
  readonly deployment: Deployment;
  /** The relay's connection: it has gas. */
  readonly relay: ChainClient;
  readonly relayKey: Hex;
  readonly #rich: ChainClient;

  private constructor(
    anvil: Anvil,
    deployment: Deployment,
    relay: ChainClient,
    relayKey: Hex,
    rich: ChainClient,
  ) {
    this.anvil = anvil;
    this.deployment = deployment;
    this.relay = relay;
    this.relayKey = relayKey;
    this.#rich = rich;
  }

  static async start({
    relayKey = newKey(),
    signer,
    gracePeriod = 60,
    ...options
  }: TestChainOptions = {}): Promise<TestChain> {
    const anvil = await startAnvil(options);
    try {
      const rich = connect(anvil, RICH_KEY);
      const relay = connect(anvil, relayKey);
      const owner = relay.account as Hex;
      await ask(anvil, 'anvil_setBalance', [owner, toQuantity(10n ** 18n)]);
      const deployment = await deploy(rich, { gracePeriod, owner, signer: signer ?? owner });
      return new TestChain(anvil, deployment, relay, relayKey, rich);
    } catch (error) {
      await anvil.close();
      throw error;
    }
  }

  /** A connection of its own. */
  connect(privateKey?: Hex, options: Partial<ChainOptions> = {}): ChainClient {
    return connect(this.anvil, privateKey, options);
  }

  /** Gives an account test dollars, in base units, and no gas unless asked for. */
  async fund(account: Hex, dollars: bigint, gas = 0n): Promise<void> {
    if (gas > 0n) await ask(this.anvil, 'anvil_setBalance', [account, toQuantity(gas)]);
    if (dollars > 0n) await this.#rich.send(mintCall(this.deployment.token, account, dollars));
  }

  /** Moves the chain's time on, and makes a block of it. */
  async pass(seconds: number): Promise<void> {
    await ask(this.anvil, 'evm_increaseTime', [seconds]);
    await this.mine(1);
  }

  /** The newest block's time, in Unix seconds: ahead of the machine's once time has been moved on. */
  async time(): Promise<number> {
    const block = (await ask(this.anvil, 'eth_getBlockByNumber', ['latest', false])) as { timestamp: Hex };
    return Number(block.timestamp);
  }

  async mine(blocks: number): Promise<void> {
    await ask(this.anvil, 'anvil_mine', [toQuantity(BigInt(blocks))]);
  }

  /** A block of `room` gas, in which somebody else's transaction of 21,000 pays this price, in wei. */
  async mineOutbid(room: bigint, price: bigint): Promise<void> {
    const [, stranger] = (await this.ask('eth_accounts', [])) as Hex[];
    const fees = { maxFeePerGas: toQuantity(price), maxPriorityFeePerGas: toQuantity(price) };
    await this.ask('evm_setBlockGasLimit', [toQuantity(room)]);
    await this.ask('eth_sendTransaction', [{ from: stranger, to: stranger, gas: '0x5208', ...fees }]);
    await this.mine(1);
    await this.ask('evm_setBlockGasLimit', [toQuantity(30_000_000n)]);
  }

  /** What only a test chain answers. */
  ask(method: string, params: readonly unknown[]): Promise<unknown> {
    return ask(this.anvil, method, params);
  }

  /** Lets transactions wait, or gives each its block again. */
  async automine(on: boolean): Promise<void> {
    await ask(this.anvil, 'evm_setAutomine', [on]);
  }

  async close(): Promise<void> {
    await this.anvil.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A new account: its key and lower-case address. */
export function newAccount(): { key: Hex; address: Hex } {
  const key = newKey();
  return { key, address: addressOf(fromHex(key)) };
}

function newKey(): Hex {
  return toHex(crypto.getRandomValues(new Uint8Array(32)));
}

function connect(anvil: Anvil, privateKey?: Hex, options: Partial<ChainOptions> = {}): ChainClient {
  return new ChainClient({
    rpcUrl: anvil.rpcUrl,
    chainId: anvil.chainId,
    confirmations: 1,
    clock,
    pollMs: 50,
    patienceMs: 20_000,
    ...(privateKey === undefined ? {} : { privateKey }),
    ...options,
  });
}

function toQuantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}

/** What only a test chain answers. */
export async function ask({ rpcUrl }: Anvil, method: string, params: readonly unknown[]): Promise<unknown> {
  const response = await fetch(rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  const { result, error } = (await response.json()) as { result?: unknown; error?: { message: string } };
  if (error) throw new Error(`${method}: ${error.message}`);
  return result;
}
