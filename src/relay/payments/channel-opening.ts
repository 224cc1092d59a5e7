import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { isEnding } from '../ledger/amounts.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { OpenPayload, TopUpPayload } from './credential.ts';
import type { DepositChecks } from './deposit-checks.ts';
import type { OwnDeposits } from './own-deposits.ts';
import type { PaymentListener } from './payment-events.ts';
import { refused } from './refusal.ts';
import { createShownDeposits } from './shown-deposits.ts';
import type { PendingChannel, SponsoredDeposits } from './sponsored-deposits.ts';

export interface OpeningParts {
  readonly checks: DepositChecks;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly known: (channel: Hex) => ChannelRow | undefined;
  readonly own: OwnDeposits;
  readonly reader: ChannelReader;
  readonly sponsored: SponsoredDeposits;
  /** Pico of a base unit. */
  readonly unit: bigint;
}

/** Deposits into channels, paid for by the relay where the agent signed an authorization. */
export interface ChannelOpening {
  /** Channels whose transaction is on its way. */
  readonly pending: ReadonlyMap<Hex, PendingChannel>;
  /**
   * Resolves with the confirmed channel; a channel that is open already is no error, nor is somebody else's faster
   * transaction. @throws CodedError `voucher_wrong_channel`, `voucher_signature`, `voucher_over_deposit`,
   * `voucher_malformed`, `deposit_too_small`, `nonce_reused`, `open_failed`, `sponsor_limit`, `too_many_waiting`,
   * `chain_unreachable`, `chain_slow`
   */
  open(payload: OpenPayload, ip: string): Promise<ChannelRow>;
  /** @throws CodedError `channel_unknown`, `channel_closing`, `channel_closed`, `top_up_failed`, and as `open` */
  topUp(payload: TopUpPayload, ip: string): Promise<ChannelRow>;
}

export function createChannelOpening(parts: OpeningParts): ChannelOpening {
  const { checks, clock, emit, known, own, reader, sponsored, unit } = parts;
  const opening = new Map<Hex, Promise<ChannelRow>>();
  const shown = createShownDeposits();

  async function openNew(payload: OpenPayload, ip: string): Promise<ChannelRow> {
    const { head, hash: tx } =
      payload.type === 'hash'
        ? await own.awaitOpening(payload, ip)
        : await sponsored.sendOpening(payload, ip);
    // At the block that showed it: the next node to be asked may lag behind that one.
    const row = await reader.refresh(payload.channelId, head);
    if (!row) throw new CodedError('open_failed', 'This transaction opened no such channel to this relay.');
    const deposit = row.deposit / unit;
    emit({ type: 'channelOpened', at: clock.now(), channel: row.channel, payer: row.payer, deposit, tx });
    return row;
  }

  return {
    pending: sponsored.pending,
    open(payload, ip) {
      const row = known(payload.channelId);
      if (row) {
        checks.checkOpening(payload, row.payer);
        return Promise.resolve(row);
      }
      const running = opening.get(payload.channelId);
      if (running) return running;
      const promise = openNew(payload, ip).finally(() => opening.delete(payload.channelId));
      opening.set(payload.channelId, promise);
      return promise;
    },
    async topUp(payload, ip) {
      const { channelId: channel } = payload;
      const row = known(channel);
      if (!row) throw refused('channel_unknown');
      if (row.finalized) throw refused('channel_closed');
      if (isEnding(row)) throw refused('channel_closing');
      if (payload.type === 'authorization') {
        const head = await sponsored.sendTopUp(payload, row, ip);
        return (await reader.refresh(channel, head)) ?? row;
      }
      const { additionalDeposit, hash } = payload;
      await shown.count(`${channel}/${hash}/${additionalDeposit}`, async () =>
        reader.refresh(channel, await own.awaitTopUp(payload, ip)),
      );
      return known(channel) ?? row;
    },
  };
}
