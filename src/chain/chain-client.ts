import {
  createPublicClient,
  defineChain,
  http,
  type AbiEvent,
  type Hex,
  type Log,
  type PrivateKeyAccount,
  type PublicClient,
  type TransactionReceipt,
} from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { type Clock, sleep } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import { patienceFor } from '../protocol/money/patience.ts';
import type { Call } from './call.ts';
import { chainError, connectionError, revertError } from './chain-errors.ts';
import { Outbox, type Outgoing } from './outbox.ts';

export interface ChainOptions {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Signs what is sent. Without it the client reads only. */
  readonly privateKey?: Hex;
  /** Blocks that must hold a transaction, its own included, before it counts (rule K13). At least 1. */
  readonly confirmations: number;
  /** A newest block older than this means that the chain can't be seen (rule K13). */
  readonly blindAfterMs: number;
  readonly clock: Clock;
  /** How often a sent transaction is asked after. */
  readonly pollMs?: number;
  /**
   * How long to wait for a sent transaction before it counts as unconfirmed; without it as its confirmations ask for. One that waited for a quarter of that is
   * sent again for a higher price (rule K16).
   */
  readonly patienceMs?: number;
}

/** Where to read: the newest block, the newest that counts as confirmed, or one block. */
export type At = 'newest' | 'confirmed' | bigint;

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Waits for the same call where it was sent and is in no block yet, instead of sending it twice: for what is meant once. */
  readonly join?: boolean;
  /** Number of an earlier transaction for the same, which may be under way: this one takes its place, or it takes this one's. */
  readonly nonce?: number | undefined;
  /** Told the number of what is signed, and waited for before it leaves. */
  readonly sent?: (nonce: number) => Promise<void>;
}

export interface Confirmed {
  readonly hash: Hex;
  readonly block: bigint;
  readonly gasUsed: bigint;
  /** What it cost the sender, in wei. */
  readonly cost: bigint;
  readonly logs: readonly Log[];
  /** Of a transaction that made a contract. */
  readonly contract: Hex | null;
}

export interface Sight {
  readonly block: bigint;
  /** Its own time, in Unix seconds. */
  readonly time: number;
  readonly ageMs: number;
  readonly blind: boolean;
}

/** Nodes refuse to search more blocks than some thousand at once. */
const LOG_SPAN = 2_000n;

/**
 * One account's connection to one chain. Errors: `chain_unreachable`, `chain_refused`, `chain_mismatch`, `chain_blind`,
 * `chain_behind`, `transaction_reverted` {reason}, `transaction_unconfirmed` {hash}: it may still be mined,
 * `transaction_replaced`: another one has its number, `account_missing`.
 */
export class ChainClient {
  readonly chainId: number;
  /** Lower-case address of the account that sends. */
  readonly account: Hex | undefined;
  readonly #options: ChainOptions;
  readonly #public: PublicClient;
  readonly #signer: PrivateKeyAccount | undefined;
  readonly #outbox: Outbox | undefined;
  /** Transactions get their numbers one after the other. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(options: ChainOptions) {
    const { rpcUrl, chainId, privateKey, pollMs = 1_000 } = options;
    this.chainId = chainId;
    this.#options = options;
    const transport = http(rpcUrl, { retryCount: 2, timeout: 10_000 });
    const chain = defineChain({
      id: chainId,
      name: `chain ${chainId}`,
      nativeCurrency: { name: 'gas', symbol: 'GAS', decimals: 18 },
      rpcUrls: { default: { http: [rpcUrl] } },
    });
    this.#public = createPublicClient({
      chain,
      transport,
      pollingInterval: pollMs,
      cacheTime: 0,
    });
    this.#signer = privateKey === undefined ? undefined : privateKeyToAccount(privateKey);
    this.#outbox =
      this.#signer &&
      new Outbox({
        chain: this.#public,
        chainId,
        signer: this.#signer,
        clock: options.clock,
        raiseMs: this.#raiseMs,
        confirmedCount: () => this.#confirmedCount(),
      });
    this.account = this.#signer?.address.toLowerCase() as Hex | undefined;
  }

  /**
   * The first thing to ask a new connection. Its errors name the RPC's host, for whoever set it; later ones may reach
   * strangers. @throws CodedError `chain_mismatch`, `chain_unreachable` {host}
   */
  async checkChain(): Promise<void> {
    const found = await this.#ask(() => this.#public.getChainId()).catch((error: unknown) => {
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
    const { number, timestamp } = await this.#ask(() => this.#public.getBlock({ blockTag: 'latest' }));
    const ageMs = Math.max(0, this.#options.clock.now() - Number(timestamp) * 1000);
    return { block: number, time: Number(timestamp), ageMs, blind: ageMs > this.#options.blindAfterMs };
  }

  /** @throws CodedError `chain_blind`, or `chain_unreachable` where there is no answer at all */
  async checkSight(): Promise<Sight> {
    const sight = await this.sight();
    if (!sight.blind) return sight;
    throw new CodedError('chain_blind', 'The newest block that we see is too old.', { ageMs: sight.ageMs });
  }

  async newestBlock(): Promise<bigint> {
    return this.#ask(() => this.#public.getBlockNumber({ cacheTime: 0 }));
  }

  /** The newest block whose contents count as confirmed. */
  async confirmedBlock(): Promise<bigint> {
    const block = (await this.newestBlock()) - BigInt(this.#options.confirmations - 1);
    return block < 0n ? 0n : block;
  }

  /** Waits until the node has seen a block: nodes behind one address lag. @throws CodedError `chain_behind` */
  async reachBlock(block: bigint, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const until = clock.now() + this.#patienceMs;
    while ((await this.newestBlock()) < block) {
      if (clock.now() > until) {
        throw new CodedError('chain_behind', `The RPC has not seen block ${block} yet.`, {
          block: `${block}`,
        });
      }
      await this.pause(signal);
    }
  }

  /** As long as between two questions after a transaction. */
  async pause(signal?: AbortSignal): Promise<void> {
    await sleep(this.#options.clock, this.#options.pollMs ?? 1_000, signal);
  }

  /** What a call would return, in its encoded form. */
  async read(call: Call, at: At = 'newest', from?: Hex): Promise<Hex> {
    const block = at === 'confirmed' ? await this.confirmedBlock() : at;
    const point = typeof block === 'bigint' ? { blockNumber: block } : { blockTag: 'latest' as const };
    const { data } = await this.#ask(() =>
      this.#public.call({ ...call, ...point, ...(from === undefined ? {} : { account: from }) }),
    );
    return data ?? '0x';
  }

  /** Wei of an account. */
  async gasBalance(of: Hex): Promise<bigint> {
    return this.#ask(() => this.#public.getBalance({ address: of }));
  }

  /** Wei that one unit of gas costs now. */
  async gasPrice(): Promise<bigint> {
    return this.#ask(() => this.#public.getGasPrice());
  }

  /** The code at an address; `0x` where there is no contract. */
  async code(of: Hex): Promise<Hex> {
    return (await this.#ask(() => this.#public.getCode({ address: of }))) ?? '0x';
  }

  /** A contract's logs of some events and blocks, both ends included, in their order. */
  async logs(contract: Hex, events: readonly AbiEvent[], fromBlock: bigint, toBlock: bigint): Promise<Log[]> {
    const found: Log[] = [];
    for (let from = fromBlock; from <= toBlock; from += LOG_SPAN) {
      const last = from + LOG_SPAN - 1n;
      const to = last < toBlock ? last : toBlock;
      found.push(
        ...(await this.#ask(() =>
          this.#public.getLogs({ address: contract, events, fromBlock: from, toBlock: to }),
        )),
      );
    }
    return found;
  }

  /**
   * What a call of our account would do now: its encoded result, and the gas that it needs.
   * @throws CodedError `transaction_reverted` with the reason
   */
  async simulate(call: Partial<Call>): Promise<{ result: Hex; gas: bigint }> {
    const account = this.#requireSigner();
    const result = await this.#ask(() => this.#public.call({ ...call, account: account.address }));
    const gas = await this.#ask(() =>
      this.#public.estimateGas({ ...call, account: account.address, blockTag: 'latest' }),
    );
    return { result: result.data ?? '0x', gas };
  }

  /**
   * Simulates, sends, and waits until it counts as confirmed (rules K14, K16). Several may be under way at once.
   * @param call without `to` for a contract's creation
   */
  async send(call: Partial<Call>, options: SendOptions = {}): Promise<Confirmed> {
    const outgoing = await this.#inTurn(() => this.#submit(call, options));
    return this.#confirm(outgoing, options.signal);
  }

  async #submit(call: Partial<Call>, { join = false, nonce, sent }: SendOptions): Promise<Outgoing> {
    const outbox = this.#requireOutbox();
    const waiting = join ? await outbox.waiting(call) : undefined;
    if (waiting) return waiting;
    const { gas } = await this.simulate(call);
    const isFree = nonce !== undefined && !(await this.isSpent(nonce));
    // A quarter more than estimated: rows of a batch may need more by the time that it is mined.
    return outbox.send({ call, gas: gas + gas / 4n, nonce: isFree ? nonce : undefined, sent });
  }

  async #confirm(outgoing: Outgoing, signal?: AbortSignal): Promise<Confirmed> {
    const { clock } = this.#options;
    const outbox = this.#requireOutbox();
    const began = clock.now();
    for (;;) {
      const waited = clock.now() - began;
      try {
        const confirmed = await this.#confirmedOf(outgoing, waited > this.#raiseMs);
        if (confirmed) {
          outbox.forget(outgoing);
          return confirmed;
        }
      } catch (error) {
        // It is on its way, whether the node answers just now or not.
        if (!(error instanceof CodedError) || error.code !== 'chain_unreachable') {
          outbox.forget(outgoing);
          throw error;
        }
      }
      if (waited > this.#patienceMs) {
        throw new CodedError('transaction_unconfirmed', 'A transaction is not confirmed yet.', {
          hash: outgoing.hashes.at(-1),
        });
      }
      await outbox.tend();
      await this.pause(signal);
    }
  }

  /**
   * Undefined while it is not confirmed.
   * @param isLate whether to ask if another transaction has its number
   * @throws CodedError `transaction_reverted`: final at once, nothing of it will ever take effect; `transaction_replaced`
   */
  async #confirmedOf({ call, hashes, nonce }: Outgoing, isLate: boolean): Promise<Confirmed | undefined> {
    const isSpent = isLate && (await this.isSpent(nonce));
    for (const hash of hashes.toReversed()) {
      const receipt = await this.#receipt(hash);
      if (!receipt) continue;
      if (receipt.status === 'reverted') throw await this.#revertOf(call, receipt);
      const depth = (await this.newestBlock()) - receipt.blockNumber + 1n;
      return depth >= BigInt(this.#options.confirmations) ? confirmedOf(receipt) : undefined;
    }
    if (!isSpent) return undefined;
    const hash = hashes.at(-1);
    throw new CodedError('transaction_replaced', 'Another transaction has this number.', { hash });
  }

  /** Whether a confirmed block has a transaction of our account with this number: no other one will ever have it. */
  async isSpent(nonce: number): Promise<boolean> {
    return (await this.#confirmedCount()) > nonce;
  }

  async #confirmedCount(): Promise<number> {
    const { address } = this.#requireSigner();
    const blockNumber = await this.confirmedBlock();
    return this.#ask(() => this.#public.getTransactionCount({ address, blockNumber }));
  }

  /**
   * What a transaction did, whoever sent it; undefined while it is in no block.
   * @throws CodedError `transaction_reverted` with the reason, where it failed
   */
  async minedBy(hash: Hex): Promise<{ block: bigint; logs: readonly Log[] } | undefined> {
    const receipt = await this.#receipt(hash);
    if (!receipt) return undefined;
    const { blockNumber: block, logs, status } = receipt;
    if (status === 'success') return { block, logs };
    const { from, input, to } = await this.#ask(() => this.#public.getTransaction({ hash }));
    throw await this.#revertOf(to === null ? { data: input } : { data: input, to }, receipt, from);
  }

  /** What a transaction that succeeded sent to make which contract; undefined where it made none. */
  async creationOf(hash: Hex): Promise<{ data: Hex; contract: Hex } | undefined> {
    const receipt = await this.#receipt(hash);
    const contract = receipt?.status === 'success' && receipt.contractAddress?.toLowerCase();
    if (!contract) return undefined;
    const { input } = await this.#ask(() => this.#public.getTransaction({ hash }));
    return { data: input, contract: contract as Hex };
  }

  async #receipt(hash: Hex): Promise<TransactionReceipt | undefined> {
    try {
      return await this.#public.getTransactionReceipt({ hash });
    } catch (error) {
      if ((error as Error).name === 'TransactionReceiptNotFoundError') return undefined;
      throw chainError(error);
    }
  }

  /** The reason of a mined revert: what the same call ends with on the state that its block left behind. */
  async #revertOf(
    call: Partial<Call>,
    { blockNumber, transactionHash }: TransactionReceipt,
    from: Hex = this.#requireSigner().address,
  ): Promise<CodedError> {
    const error = await this.#public
      .call({ ...call, account: from, blockNumber })
      .then(() => revertError('0x'), chainError);
    return new CodedError(
      'transaction_reverted',
      error.message,
      { ...error.data, hash: transactionHash },
      error,
    );
  }

  get #patienceMs(): number {
    return this.#options.patienceMs ?? patienceFor(this.#options.confirmations);
  }

  /** How long a transaction waits at one price. */
  get #raiseMs(): number {
    return this.#patienceMs / 4;
  }

  #requireOutbox(): Outbox {
    if (this.#outbox) return this.#outbox;
    throw new CodedError('account_missing', 'Sending needs a private key.');
  }

  #requireSigner(): PrivateKeyAccount {
    if (this.#signer) return this.#signer;
    throw new CodedError('account_missing', 'Sending needs a private key.');
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#sending.then(run, run);
    this.#sending = turn.catch(() => undefined);
    return turn;
  }

  async #ask<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw chainError(error);
    }
  }
}

function confirmedOf(receipt: TransactionReceipt): Confirmed {
  return {
    hash: receipt.transactionHash,
    block: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
    cost: receipt.gasUsed * receipt.effectiveGasPrice,
    logs: receipt.logs,
    contract: (receipt.contractAddress?.toLowerCase() as Hex | undefined) ?? null,
  };
}
