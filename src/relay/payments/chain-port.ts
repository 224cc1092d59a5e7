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
}

/** A transaction that is in a block. */
export interface Mined {
  readonly hash: Hex;
  readonly block: number;
}

/**
 * The chain as the relay needs it. Reads throw CodedError `chain_unreachable`; writes resolve once their transaction is
 * in a block, and throw `transaction_reverted` (`data.reason`: the contract's error) or `chain_unreachable`. Writes are sent
 * from the relay's account, one after the other.
 */
export interface ChainPort {
  head(): Promise<ChainHead>;
  /** As of a block, or the newest; undefined where it was never opened by then. */
  channel(id: Hex, block?: number): Promise<OnChainChannel | undefined>;
  /** Channels of this relay that anything happened to in these blocks, both included. */
  changed(from: number, to: number): Promise<readonly Hex[]>;
  open(opening: Opening): Promise<Mined>;
  topUp(topUp: TopUp): Promise<Mined>;
  /** The block of a transaction that somebody else sent; undefined while it is in none. */
  mined(hash: Hex): Promise<number | undefined>;
  close(voucher: ClosingVoucher): Promise<Mined>;
  /** Test chains only: mints the test token. */
  mint(to: Hex, amount: bigint): Promise<Mined>;
}
