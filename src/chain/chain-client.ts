import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { CodedError } from '../core/errors.ts';
import type { Call } from './call.ts';
import { ChainAccount, type Confirmed, type SendOptions } from './chain-account.ts';
import type { Outgoing } from './outbox.ts';
import { ChainReader, type ReaderOptions } from './chain-reader.ts';
import { openRpc } from './rpc.ts';

export interface ChainOptions extends ReaderOptions {
  /** Signs what is sent. Without it the client reads only. */
  readonly privateKey?: Hex;
}

/** A chain and the account that sends on it. Errors: those of both, and `account_missing` where there is no key. */
export class ChainClient extends ChainReader {
  /** Lower-case address of the account that sends. */
  readonly account: Hex | undefined;
  readonly #account: ChainAccount | undefined;

  constructor({ privateKey, ...options }: ChainOptions) {
    const rpc = openRpc(options);
    super(options, rpc);
    if (privateKey === undefined) return;
    const signer = privateKeyToAccount(privateKey);
    this.#account = new ChainAccount({ reader: this, rpc, signer, clock: options.clock });
    this.account = this.#account.address;
  }

  /** See `ChainAccount`. */
  async simulate(call: Partial<Call>): Promise<bigint> {
    return this.#sender().simulate(call);
  }

  /** See `ChainAccount`. */
  async send(call: Partial<Call>, options?: SendOptions): Promise<Confirmed> {
    return this.#sender().send(call, options);
  }

  /** See `ChainAccount`. */
  async submit(call: Partial<Call>, options?: SendOptions): Promise<Outgoing> {
    return this.#sender().submit(call, options);
  }

  /** See `ChainAccount`. */
  async confirm(outgoing: Outgoing, signal?: AbortSignal): Promise<Confirmed> {
    return this.#sender().confirm(outgoing, signal);
  }

  /** See `ChainAccount`. */
  async isSpent(nonce: number, block?: bigint): Promise<boolean> {
    return this.#sender().isSpent(nonce, block);
  }

  #sender(): ChainAccount {
    if (this.#account) return this.#account;
    throw new CodedError('account_missing', 'Sending needs a private key.');
  }
}
