import type { AbiEvent, Hex, Log, PublicClient, TransactionReceipt } from 'viem';
import { lower } from '../core/bytes.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { patienceFor } from '../protocol/money/patience.ts';
import type { Call } from './call.ts';
import { chainError, connectionError, revertError } from './chain-errors.ts';
import { ask, openRpc, type RpcOptions } from './rpc.ts';

export interface ReaderOptions extends RpcOptions {
  /** Blocks that must hold a transaction, its own included, before it counts (rule K13). At least 1. */
  readonly confirmations: number;
  readonly clock: Clock;
  /** How often the chain is asked for what is waited for. */
  readonly pollMs?: number;
  /**
   * How long to wait for a sent transaction before it counts as unconfirmed; without it as long as its confirmations ask
   * for. One that waited for a quarter of that is sent again for a higher price (rule K16).
   */
  readonly patienceMs?: number;
}

/** Where to read: the newest block, the newest that counts as confirmed, or one block. */
export type At = 'newest' | 'confirmed' | bigint;

/** The newest block. */
export interface Sight {
  readonly block: bigint;
  /** Its own time, in Unix seconds. */
  readonly time: number;
  readonly ageMs: number;
}

/** Nodes refuse to search more blocks than some thousand at once. */
const LOG_SPAN = 2_000n;

/**
 * What one chain says. It has no key and can send nothing. Errors: `chain_unreachable`, `chain_refused`,
 * `chain_mismatch`, `chain_behind`, `transaction_reverted` {reason}.
 */
export class ChainReader {
  readonly chainId: number;
  readonly patienceMs: number;
  readonly #options: ReaderOptions;
  readonly #rpc: PublicClient;

  /** @param rpc where somebody else asks the same node too */
  constructor(options: ReaderOptions, rpc: PublicClient = openRpc(options)) {
    this.chainId = options.chainId;
    this.patienceMs = options.patienceMs ?? patienceFor(options.confirmations);
    this.#options = options;
    this.#rpc = rpc;
  }

  /**
   * The first thing to ask a new connection. Its errors name the RPC's host, for whoever set it; later ones may reach
   * strangers. @throws CodedError `chain_mismatch`, `chain_unreachable` {host}
   */
  async checkChain(): Promise<void> {
    const found = await ask(() => this.#rpc.getChainId()).catch((error: unknown) => {
      throw connectionError(error, this.#options.rpcUrl);
    });
    if (found !== this.chainId) {
      throw new CodedError('chain_mismatch', `The RPC serves chain ${found}, not ${this.chainId}.`, {
        found,
        wanted: this.chainId,
      });
    }
  }

  /** How fresh our sight of the chain is. @throws CodedError `chain_unreachable` */
  async sight(): Promise<Sight> {
    const { number, timestamp } = await ask(() => this.#rpc.getBlock({ blockTag: 'latest' }));
    const ageMs = Math.max(0, this.#options.clock.now() - Number(timestamp) * 1000);
    return { block: number, time: Number(timestamp), ageMs };
  }

  async newestBlock(): Promise<bigint> {
    return ask(() => this.#rpc.getBlockNumber({ cacheTime: 0 }));
  }

  /** The newest block whose contents count as confirmed. */
  async confirmedBlock(): Promise<bigint> {
    const block = (await this.newestBlock()) - BigInt(this.#options.confirmations - 1);
    return block < 0n ? 0n : block;
  }

  /** Whether what a block holds counts as confirmed. */
  async isConfirmed(block: bigint): Promise<boolean> {
    const depth = (await this.newestBlock()) - block + 1n;
    return depth >= BigInt(this.#options.confirmations);
  }

  /** Waits until the node has seen a block: nodes behind one address lag. @throws CodedError `chain_behind` */
  async reachBlock(block: bigint, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + this.patienceMs;
    while ((await this.newestBlock()) < block) {
      if (clock.now() > until) {
        throw new CodedError('chain_behind', `The RPC has not seen block ${block} yet.`, {
          block: `${block}`,
        });
      }
      await this.pause(signal);
    }
  }

  /** As long as between two questions after what is waited for. */
  async pause(signal?: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, this.#options.pollMs ?? 1_000, signal);
  }

  /** What a call would return, in its encoded form. */
  async read(call: Call, at: At = 'newest', from?: Hex): Promise<Hex> {
    const block = at === 'confirmed' ? await this.confirmedBlock() : at;
    const point = typeof block === 'bigint' ? { blockNumber: block } : { blockTag: 'latest' as const };
    const { data } = await ask(() =>
      this.#rpc.call({ ...call, ...point, ...(from === undefined ? {} : { account: from }) }),
    );
    return data ?? '0x';
  }

  /**
   * The gas that a call of somebody's would need now.
   * @param call without `to` for a contract's creation
   * @throws CodedError `transaction_reverted` with the reason
   */
  async estimate(call: Partial<Call>, from: Hex): Promise<bigint> {
    // Called first: not every node gives the reason where an estimate fails.
    await ask(() => this.#rpc.call({ ...call, account: from }));
    return ask(() => this.#rpc.estimateGas({ ...call, account: from, blockTag: 'latest' }));
  }

  /** Wei of an account. */
  async gasBalance(of: Hex): Promise<bigint> {
    return ask(() => this.#rpc.getBalance({ address: of }));
  }

  /** Wei that one unit of gas costs now. */
  async gasPrice(): Promise<bigint> {
    return ask(() => this.#rpc.getGasPrice());
  }

  /** The code at an address; `0x` where there is no contract. */
  async code(of: Hex): Promise<Hex> {
    return (await ask(() => this.#rpc.getCode({ address: of }))) ?? '0x';
  }

  /** A contract's logs of some events and blocks, both ends included, in their order. */
  async logs(contract: Hex, events: readonly AbiEvent[], fromBlock: bigint, toBlock: bigint): Promise<Log[]> {
    const found: Log[] = [];
    for (let from = fromBlock; from <= toBlock; from += LOG_SPAN) {
      const last = from + LOG_SPAN - 1n;
      const to = last < toBlock ? last : toBlock;
      const part = await ask(() =>
        this.#rpc.getLogs({ address: contract, events, fromBlock: from, toBlock: to }),
      );
      found.push(...part);
    }
    return found;
  }

  /**
   * How many transactions of an account confirmed blocks have: the first number that may still be free.
   * @param block the last one that counts: the newest confirmed one where it is missing
   */
  async confirmedCount(of: Hex, block?: bigint): Promise<number> {
    const blockNumber = block ?? (await this.confirmedBlock());
    return ask(() => this.#rpc.getTransactionCount({ address: of, blockNumber }));
  }

  /** Undefined while a transaction is in no block. */
  async receiptOf(hash: Hex): Promise<TransactionReceipt | undefined> {
    try {
      return await this.#rpc.getTransactionReceipt({ hash });
    } catch (error) {
      if ((error as Error).name === 'TransactionReceiptNotFoundError') return undefined;
      throw chainError(error);
    }
  }

  /** The reason of a mined revert: what the same call ends with on the state that its block left behind. */
  async revertOf(
    call: Partial<Call>,
    { blockNumber, transactionHash }: TransactionReceipt,
    from: Hex,
  ): Promise<CodedError> {
    const error = await this.#rpc
      .call({ ...call, account: from, blockNumber })
      .then(() => revertError('0x'), chainError);
    const data = { ...error.data, hash: transactionHash };
    return new CodedError('transaction_reverted', error.message, data, error);
  }

  /**
   * What a transaction did, whoever sent it; undefined while it is in no block.
   * @throws CodedError `transaction_reverted` with the reason, where it failed
   */
  async minedBy(hash: Hex): Promise<{ block: bigint; logs: readonly Log[] } | undefined> {
    const receipt = await this.receiptOf(hash);
    if (!receipt) return undefined;
    const { blockNumber: block, logs, status } = receipt;
    if (status === 'success') return { block, logs };
    const { from, input, to } = await ask(() => this.#rpc.getTransaction({ hash }));
    throw await this.revertOf(to === null ? { data: input } : { data: input, to }, receipt, from);
  }

  /** What a transaction that succeeded sent to make which contract; undefined where it made none. */
  async creationOf(hash: Hex): Promise<{ data: Hex; contract: Hex } | undefined> {
    const receipt = await this.receiptOf(hash);
    if (receipt?.status !== 'success' || !receipt.contractAddress) return undefined;
    const { input } = await ask(() => this.#rpc.getTransaction({ hash }));
    return { data: input, contract: lower(receipt.contractAddress) };
  }
}
