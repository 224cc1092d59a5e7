import type { Hex, Log, TransactionReceipt } from 'viem';
import { lower } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { Call } from './call.ts';
import { Outbox, type OutboxParts, type Outgoing } from './outbox.ts';

export interface SendOptions {
  readonly signal?: AbortSignal;
  /** Waits for the same call where it was sent and is not confirmed yet, instead of sending it twice: for what is meant once. */
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

export type AccountParts = Omit<OutboxParts, 'raiseMs'>;

/** Nodes behind one address lag: so many looks in a row must find a number used up and its transaction nowhere. */
const REPLACED = 5;

/**
 * One account that sends (rules K14, K16). Errors beside a reader's: `transaction_unconfirmed` {hash}: it may still be
 * mined, `transaction_replaced`: another one has its number.
 */
export class ChainAccount {
  /** In lower case. */
  readonly address: Hex;
  readonly #parts: AccountParts;
  readonly #outbox: Outbox;
  readonly #raiseMs: number;
  /** Transactions get their numbers one after the other. */
  #sending: Promise<unknown> = Promise.resolve();

  constructor(parts: AccountParts) {
    this.address = lower(parts.signer.address);
    this.#parts = parts;
    this.#raiseMs = parts.reader.patienceMs / 4;
    this.#outbox = new Outbox({ ...parts, raiseMs: this.#raiseMs });
  }

  /** The gas that a call of ours would need now. @throws CodedError `transaction_reverted` with the reason */
  simulate(call: Partial<Call>): Promise<bigint> {
    return this.#parts.reader.estimate(call, this.address);
  }

  /**
   * Simulates, sends, and waits until it counts as confirmed. Several may be under way at once.
   * @param call without `to` for a contract's creation
   */
  async send(call: Partial<Call>, options: SendOptions = {}): Promise<Confirmed> {
    return this.confirm(await this.submit(call, options), options.signal);
  }

  /** Simulates and sends. @returns what `confirm` waits for, as often as is wanted */
  submit(call: Partial<Call>, options: SendOptions = {}): Promise<Outgoing> {
    return this.#inTurn(() => this.#submit(call, options));
  }

  /**
   * Whether a confirmed block has a transaction of ours with this number: no other one will ever have it.
   * @param block the last one that counts: the newest confirmed one where it is missing
   */
  async isSpent(nonce: number, block?: bigint): Promise<boolean> {
    return (await this.#parts.reader.confirmedCount(this.address, block)) > nonce;
  }

  async #submit(call: Partial<Call>, { join = false, nonce, sent }: SendOptions): Promise<Outgoing> {
    const waiting = join ? this.#outbox.underWay(call) : undefined;
    if (waiting) return waiting;
    const gas = await this.simulate(call);
    const isFree = nonce !== undefined && !(await this.isSpent(nonce));
    // A quarter more than estimated: rows of a batch may need more by the time that it is mined.
    return this.#outbox.send({ call, gas: gas + gas / 4n, nonce: isFree ? nonce : undefined, sent });
  }

  /** @throws CodedError `transaction_unconfirmed`: it may be waited for again */
  async confirm(outgoing: Outgoing, signal?: AbortSignal): Promise<Confirmed> {
    const { clock, reader } = this.#parts;
    const began = clock.now();
    /** How many times in a row it was not to be found, and its number used up. */
    let replaced = 0;
    for (;;) {
      const waited = clock.now() - began;
      try {
        const found = await this.#lookFor(outgoing, waited > this.#raiseMs);
        if (found === 'replaced') replaced++;
        else if (found === undefined) replaced = 0;
        else {
          this.#outbox.forget(outgoing);
          return found;
        }
      } catch (error) {
        // It is on its way, whether the node answers just now, lags, or has been asked too often.
        const code = error instanceof CodedError ? error.code : undefined;
        if (code !== 'chain_unreachable' && code !== 'chain_refused') {
          this.#outbox.forget(outgoing);
          throw error;
        }
      }
      if (replaced === REPLACED) {
        this.#outbox.forget(outgoing);
        const data = { hash: outgoing.hashes.at(-1) };
        throw new CodedError('transaction_replaced', 'Another transaction has this number.', data);
      }
      if (waited > reader.patienceMs) {
        throw new CodedError('transaction_unconfirmed', 'A transaction is not confirmed yet.', {
          hash: outgoing.hashes.at(-1),
        });
      }
      await this.#outbox.tend();
      await reader.pause(signal);
    }
  }

  /**
   * Undefined while it is not confirmed; `replaced` where it is in no block, and a confirmed block has its number.
   * @param isLate whether to ask if another transaction has its number
   * @throws CodedError `transaction_reverted`: final at once, nothing of it will ever take effect
   */
  async #lookFor(
    { call, hashes, nonce }: Outgoing,
    isLate: boolean,
  ): Promise<Confirmed | 'replaced' | undefined> {
    const { reader } = this.#parts;
    for (const hash of hashes.toReversed()) {
      const receipt = await reader.receiptOf(hash);
      if (!receipt) continue;
      if (receipt.status === 'reverted') throw await reader.revertOf(call, receipt, this.address);
      return (await reader.isConfirmed(receipt.blockNumber)) ? confirmedOf(receipt) : undefined;
    }
    return isLate && (await this.isSpent(nonce)) ? 'replaced' : undefined;
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#sending.then(run, run);
    this.#sending = turn.catch(() => undefined);
    return turn;
  }
}

function confirmedOf(receipt: TransactionReceipt): Confirmed {
  return {
    hash: receipt.transactionHash,
    block: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
    cost: receipt.gasUsed * receipt.effectiveGasPrice,
    logs: receipt.logs,
    contract: receipt.contractAddress ? lower(receipt.contractAddress) : null,
  };
}
