import type { Hex } from '../../core/bytes.ts';
import type { DepositAuthorization } from './credential.ts';

/** The newest block that the chain's node knows. */
export interface ChainHead {
  readonly number: number;
  /** Its own time, ms since the epoch. */
  readonly at: number;
}

/** A channel as a block has it. Addresses in lower case, amounts in base units. */
export interface OnChainChannel {
  readonly channel: Hex;
  readonly payer: Hex;
  readonly payee: Hex;
  readonly token: Hex;
  /** Whose vouchers count: the payer, or whom it named. */
  readonly signer: Hex;
  readonly deposit: bigint;
  readonly settled: bigint;
  /** Unix seconds; 0 when no close is pending. */
  readonly closeRequestedAt: number;
  readonly finalized: boolean;
}

/** What is left of a channel to draw from. */
export type ChannelFunds = Pick<OnChainChannel, 'deposit' | 'settled' | 'finalized'>;

/** Of a channel that a block knows nothing of. */
export const NO_FUNDS: ChannelFunds = { deposit: 0n, settled: 0n, finalized: false };

/** Something that happened to a channel, in one block. */
export interface ChannelChange {
  readonly channel: Hex;
  readonly block: number;
  /** Names it: the same event in another block, after a reorganisation, has another one. */
  readonly mark: string;
}

/** A channel that is to be opened by its payer's authorization. */
export interface Opening {
  readonly channel: Hex;
  readonly salt: Hex;
  /** The zero address: the payer signs. */
  readonly authorizedSigner: Hex;
  readonly authorization: DepositAuthorization;
  readonly signature: Hex;
}

export interface TopUp {
  readonly channel: Hex;
  readonly salt: Hex;
  readonly authorization: DepositAuthorization;
  readonly signature: Hex;
}

export interface ClosingVoucher {
  readonly channel: Hex;
  readonly cumulative: bigint;
  readonly signature: Hex;
  /** Number of an earlier transaction for it, which may be under way still: it is gone on with. Null: there was none. */
  readonly nonce: number | null;
}

/** A transaction that is in a block. */
export interface Mined {
  readonly hash: Hex;
  readonly block: number;
}

/** What an event says that a channel got. */
export interface Deposit {
  readonly channel: Hex;
  /** Whether it opened the channel; else it topped it up. */
  readonly isOpening: boolean;
  /** Base units. */
  readonly amount: bigint;
}

export interface MinedDeposits {
  readonly block: number;
  readonly deposits: readonly Deposit[];
}

/**
 * The chain as the relay needs it. Reads throw CodedError `chain_unreachable` or `chain_refused`; writes resolve once their transaction is
 * in a block, and throw `transaction_reverted` (`data.reason`: the contract's error), `chain_unreachable` or `chain_slow`:
 * after the last two it may still be mined. Writes are sent from the relay's account, one after the other.
 */
export interface ChainPort {
  head(): Promise<ChainHead>;
  /** As of a block; undefined where it was never opened by then. A node that has not got the block refuses (`chain_refused`). */
  channel(id: Hex, block: number): Promise<OnChainChannel | undefined>;
  /** What happened to channels of the escrow in these blocks, both included; not all of them are this relay's. */
  changes(from: number, to: number): Promise<readonly ChannelChange[]>;
  open(opening: Opening): Promise<Mined>;
  topUp(topUp: TopUp): Promise<Mined>;
  /**
   * What a transaction that somebody else sent deposited at this escrow; undefined while it is in no block.
   * @throws CodedError `transaction_reverted` where it is in one and failed: final at once (rule K14)
   */
  depositsOf(hash: Hex): Promise<MinedDeposits | undefined>;
  /**
   * @param sent told the number of a transaction that is signed, and waited for, before it leaves
   * @throws CodedError beside those of all writes `transaction_replaced`: another one has its number
   */
  close(voucher: ClosingVoucher, sent: (nonce: number) => Promise<void>): Promise<Mined>;
  /**
   * Whether this block or one before it has a transaction of the relay's account with this number. Where that is confirmed,
   * no other one will ever have it.
   */
  isSpent(nonce: number, block: number): Promise<boolean>;
  /** Test chains only: mints the test token. */
  mint(to: Hex, amount: bigint): Promise<Mined>;
}
