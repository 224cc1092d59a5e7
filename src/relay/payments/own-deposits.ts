import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { ChainHead, ChainPort, Deposit } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { TopUpPayload } from './credential.ts';
import type { DepositChecks, OwnOpening } from './deposit-checks.ts';
import { waitFor } from './asking.ts';
import { depositFailure } from './refusal.ts';
import { createWaitingRoom } from './waiting-room.ts';

/** Between two questions after somebody else's transaction. */
const LOOK_MS = 1_000;
/** Transactions that are waited for, in a block or deep enough in one: of one network address and in all. */
const WAITING = { each: 8, all: 64 };

/** A transaction for a deposit that is confirmed; without a hash it was not the relay's own. */
export interface ConfirmedDeposit {
  /** The newest block, in which it is confirmed. */
  readonly head: ChainHead;
  readonly hash?: Hex;
}

export interface OwnDepositsParts {
  readonly chain: ChainPort;
  readonly checks: DepositChecks;
  readonly clock: Clock;
  readonly reader: Pick<ChannelReader, 'confirm' | 'read'>;
  /** How long a transaction may take to be confirmed, in ms. */
  readonly patienceMs: number;
}

/**
 * Deposits that agents made by transactions of their own (rule H10). What can be checked is checked before the chain is
 * asked: anybody may show any hash, and each that is waited for costs questions.
 */
export interface OwnDeposits {
  /** @throws CodedError `open_failed`, `too_many_waiting`, and those of the checks and the chain */
  awaitOpening(payload: OwnOpening, ip: string): Promise<ConfirmedDeposit>;
  /**
   * A top-up of this channel and by this amount. @returns the newest block, in which it is confirmed
   * @throws CodedError `top_up_failed`, `too_many_waiting`, and those of the chain
   */
  awaitTopUp(payload: Extract<TopUpPayload, { type: 'hash' }>, ip: string): Promise<ChainHead>;
}

export function createOwnDeposits(parts: OwnDepositsParts): OwnDeposits {
  const { chain, checks, clock, patienceMs, reader } = parts;
  const room = createWaitingRoom(WAITING);

  /**
   * Until a transaction is deep enough. One that is in a block is looked at before anything is waited for.
   * @param check of what it deposited at this escrow: throws where that is not what was said of it
   * @throws CodedError `transaction_reverted` at once (rule K14)
   */
  async function confirm(
    hash: Hex,
    ip: string,
    check: (deposits: readonly Deposit[]) => void,
  ): Promise<ChainHead> {
    const mined = await chain.depositsOf(hash);
    if (mined) check(mined.deposits);
    const leave = room.enter(ip);
    try {
      const look = { everyMs: LOOK_MS, patienceMs };
      const sent = mined ?? (await waitFor(clock, look, () => chain.depositsOf(hash)));
      check(sent.deposits);
      return await reader.confirm(sent.block);
    } finally {
      leave();
    }
  }

  async function awaitOpening(payload: OwnOpening, ip: string): Promise<ConfirmedDeposit> {
    const { channelId, hash } = payload;
    checks.checkOpening(payload, checks.payerOf(payload));
    const head = await confirm(hash, ip, (deposits) => {
      if (deposits.some(({ channel, isOpening }) => isOpening && channel === channelId)) return;
      throw new CodedError('open_failed', 'This transaction opened no such channel to this relay.');
    }).catch((error: unknown) => {
      throw depositFailure(error, 'open_failed', 'The channel was not opened');
    });
    // Later top-ups count. Too small a channel never gets into the ledger.
    checks.checkDeposit((await reader.read(channelId, head.number))?.deposit ?? 0n);
    return { head, hash };
  }

  async function awaitTopUp(
    { additionalDeposit, channelId, hash }: Extract<TopUpPayload, { type: 'hash' }>,
    ip: string,
  ): Promise<ChainHead> {
    const isIt = ({ amount, channel, isOpening }: Deposit): boolean =>
      !isOpening && channel === channelId && amount === additionalDeposit;
    try {
      return await confirm(hash, ip, (deposits) => {
        if (!deposits.some(isIt))
          throw new CodedError('top_up_failed', 'This transaction made no such top-up of this channel.');
      });
    } catch (error) {
      throw depositFailure(error, 'top_up_failed', 'The top-up was not made');
    }
  }

  return { awaitOpening, awaitTopUp };
}
