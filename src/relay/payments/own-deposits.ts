import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import type { ChainHead, ChainPort, Deposit } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import { waitFor } from './asking.ts';
import { createWaitingRoom } from './waiting-room.ts';

/** Between two questions after somebody else's transaction. */
const LOOK_MS = 1_000;
/** Transactions that are waited for, in a block or deep enough in one: of one network address and in all. */
const WAITING = { each: 8, all: 64 };

/** Deposits that agents made by transactions of their own. */
export interface OwnDeposits {
  /**
   * Until such a transaction is deep enough. One that is in a block is looked at before anything is waited for.
   * @param check of what it deposited at this escrow: throws where that is not what was said of it
   * @returns the newest block then
   * @throws CodedError `transaction_reverted` at once (rule K14), `too_many_waiting`, `chain_slow`, those of `check` and the chain
   */
  confirm(hash: Hex, ip: string, check: (deposits: readonly Deposit[]) => void): Promise<ChainHead>;
}

export function createOwnDeposits(
  chain: ChainPort,
  clock: Clock,
  reader: Pick<ChannelReader, 'confirm'>,
  patienceMs: number,
): OwnDeposits {
  const room = createWaitingRoom(WAITING);
  return {
    async confirm(hash, ip, check) {
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
    },
  };
}
