import { keccak256, type Hex, type PrivateKeyAccount, type PublicClient } from 'viem';
import { lower } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Call } from './call.ts';
import type { ChainReader } from './chain-reader.ts';
import { type GasPrice, marketPrice, raisedPrice } from './gas-price.ts';
import { ask } from './rpc.ts';

export interface OutboxParts {
  readonly reader: ChainReader;
  /** The same node, for what a reader does not ask. */
  readonly rpc: PublicClient;
  readonly signer: PrivateKeyAccount;
  readonly clock: Clock;
  /** A transaction that waited for so long, though blocks came, is sent again for a higher price. */
  readonly raiseMs: number;
}

/** A transaction that was signed. At most one of its versions is ever mined: they share their number. */
export interface Outgoing {
  readonly call: Partial<Call>;
  readonly nonce: number;
  /** Of its versions, the newest last. */
  readonly hashes: readonly Hex[];
}

interface Entry extends Outgoing {
  readonly hashes: Hex[];
  readonly gas: bigint;
  readonly first: GasPrice;
  price: GasPrice;
  raw: Hex;
  /** When it got its price, and the newest block then. */
  pricedAt: number;
  pricedIn: bigint;
}

/** The order that a transaction is signed by. */
export interface Order {
  readonly call: Partial<Call>;
  readonly gas: bigint;
  /** Its number, where it is free; else the account's next one. */
  readonly nonce?: number | undefined;
  /** Told the number once it is signed, and waited for before it leaves. */
  readonly sent?: ((nonce: number) => Promise<void>) | undefined;
}

/**
 * One account's transactions until they are confirmed (rule K16). They queue by their numbers: one whose price is too low
 * holds up all later ones, so the first in the line is replaced by itself at a higher price.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #entries = new Map<number, Entry>();
  #tending = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  /** One with just this call, that is not known to be confirmed yet. */
  underWay({ to, data }: Partial<Call>): Outgoing | undefined {
    return [...this.#entries.values()].find(({ call }) => call.to === to && call.data === data);
  }

  /**
   * Signs and sends. Where nobody answered it may have left all the same, and counts as sent.
   * @throws CodedError `chain_refused`: it did not leave; `transaction_replaced`: its number is used up
   */
  async send({ call, gas, nonce: given, sent }: Order): Promise<Outgoing> {
    const { clock, reader, rpc } = this.#parts;
    const price = await ask(() => marketPrice(rpc));
    // A number that another one of ours has by now is not taken from it.
    const isFree = given !== undefined && !this.#entries.has(given);
    const nonce = isFree ? given : await this.#nextNonce();
    const raw = await this.#sign(call, nonce, gas, price);
    const pricedIn = await reader.newestBlock();
    await sent?.(nonce);
    const entry = { call, nonce, gas, price, first: price, raw, pricedAt: clock.now(), pricedIn };
    const outgoing: Entry = { ...entry, hashes: [keccak256(raw)] };
    this.#entries.set(nonce, outgoing);
    try {
      await this.#broadcast(raw);
    } catch (error) {
      this.#entries.delete(nonce);
      throw error;
    }
    return outgoing;
  }

  /** It is confirmed, or will never be. */
  forget({ nonce }: Outgoing): void {
    this.#entries.delete(nonce);
  }

  /** Sees to the first one in the line. To be called while anything is waited for. */
  async tend(): Promise<void> {
    const { clock, raiseMs, reader, signer } = this.#parts;
    const isLate = ({ pricedAt }: Entry): boolean => clock.now() - pricedAt >= raiseMs;
    if (this.#tending || ![...this.#entries.values()].some(isLate)) return;
    this.#tending = true;
    try {
      const confirmed = await reader.confirmedCount(signer.address);
      for (const nonce of this.#entries.keys()) if (nonce < confirmed) this.#entries.delete(nonce);
      const mined = await this.#count('latest');
      const first = [...this.#entries.values()]
        .filter(({ nonce }) => nonce >= mined)
        .sort((a, b) => a.nonce - b.nonce)[0];
      if (!first || !isLate(first)) return;
      // Where no block came, no price would have helped.
      if ((await reader.newestBlock()) <= first.pricedIn) return;
      if (first.nonce === mined) await this.#raise(first);
      else await this.#giveUp(mined);
    } catch (error) {
      // It stays as it was, and is seen to again.
      if (!(error instanceof CodedError)) throw error;
    } finally {
      this.#tending = false;
    }
  }

  async #raise(entry: Entry): Promise<void> {
    const { clock, reader, rpc } = this.#parts;
    const market = await ask(() => marketPrice(rpc));
    const price = raisedPrice(entry.price, entry.first, market);
    entry.pricedAt = clock.now();
    entry.pricedIn = await reader.newestBlock();
    // At its bound it is sent again as it is: nodes forget what waits for long.
    if (!price) return this.#broadcast(entry.raw);
    const raw = await this.#sign(entry.call, entry.nonce, entry.gas, price);
    // Noted before it leaves, for it may be what is mined; what a node refuses, for want of gas money, is not gone on from.
    const hash = keccak256(raw);
    const isNew = !entry.hashes.includes(hash);
    if (isNew) entry.hashes.push(hash);
    try {
      await this.#broadcast(raw);
    } catch (error) {
      if (isNew) entry.hashes.splice(entry.hashes.indexOf(hash), 1);
      throw error;
    }
    entry.raw = raw;
    entry.price = price;
  }

  /**
   * A number that an earlier process used, for a transaction that does not get mined: an empty one takes its place. What
   * it was for is read from the chain by whoever needs it.
   */
  async #giveUp(nonce: number): Promise<void> {
    const { rpc, signer } = this.#parts;
    const call = { to: lower(signer.address), data: '0x' } as const;
    const gas = await ask(() => rpc.estimateGas({ ...call, account: signer.address }));
    await this.send({ call, gas, nonce });
  }

  async #nextNonce(): Promise<number> {
    const pending = await this.#count('pending');
    // A node that lags knows less of our own than we do.
    return Math.max(pending, ...[...this.#entries.keys()].map((nonce) => nonce + 1));
  }

  #count(blockTag: 'latest' | 'pending'): Promise<number> {
    const { rpc, signer } = this.#parts;
    return ask(() => rpc.getTransactionCount({ address: signer.address, blockTag }));
  }

  #sign(call: Partial<Call>, nonce: number, gas: bigint, price: GasPrice): Promise<Hex> {
    const { reader, signer } = this.#parts;
    return signer.signTransaction({ ...call, nonce, gas, chainId: reader.chainId, ...price });
  }

  async #broadcast(raw: Hex): Promise<void> {
    try {
      await ask(() => this.#parts.rpc.sendRawTransaction({ serializedTransaction: raw }));
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (error.code === 'chain_unreachable') return;
      // Each client has its own words for one that it knows: whether it does says more.
      if (await this.#mayBeThere(keccak256(raw))) return;
      const words = `${error.message} ${String(error.data?.['detail'])}`;
      // An earlier version of it is there.
      if (/replacement transaction underpriced/i.test(words)) return;
      if (!/nonce .*too low/i.test(words)) throw error;
      throw new CodedError('transaction_replaced', 'Another transaction has this number.', {}, error);
    }
  }

  /** Whether the node has it; where it does not say, it may. */
  async #mayBeThere(hash: Hex): Promise<boolean> {
    try {
      await this.#parts.rpc.getTransaction({ hash });
      return true;
    } catch (error) {
      return (error as Error).name !== 'TransactionNotFoundError';
    }
  }
}
