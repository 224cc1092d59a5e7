import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { type Random, randomId } from '../../core/random.ts';
import { closingVoucher } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChainPort } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { ClosePayload } from './credential.ts';
import type { PaymentListener } from './payment-events.ts';
import { reasonOf, refused } from './refusal.ts';
import type { VoucherIntake } from './voucher-intake.ts';

export interface ClosingParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly intake: VoucherIntake;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly reader: ChannelReader;
  /** Filled while a close is on its way: such a channel accepts nothing more. */
  readonly held: Set<Hex>;
}

/** What a close did on the chain, in base units. */
export interface ClosedChannel {
  readonly txHash: Hex;
  /** To the relay, in all. */
  readonly settled: bigint;
  /** To the payer. */
  readonly refunded: bigint;
}

/**
 * Closes a channel with what its agent signed for this: at least what it used. No stream may run on it.
 * @throws CodedError `channel_unknown`, `voucher_signature`, `channel_closed`, `channel_busy`, `voucher_insufficient`
 * (with `required`), `voucher_over_deposit`, `close_failed`, `chain_unreachable`, `chain_slow`
 */
export async function closeChannel(payload: ClosePayload, parts: ClosingParts): Promise<ClosedChannel> {
  const { chain, clock, emit, held, intake, ledger, random, reader } = parts;
  const { unit } = ledger.state;
  const { channel } = intake.authenticate(payload);
  const { cumulativeAmount, signature } = payload;
  if (held.has(channel)) throw refused('channel_closing');
  held.add(channel);
  try {
    const row = await atRest(channel, ledger, random);
    if (row.finalized) throw refused('channel_closed');
    const required = closingVoucher(ledger.state, row);
    if (cumulativeAmount < required) throw refused('voucher_insufficient', { required });
    if (cumulativeAmount * unit > row.deposit) throw refused('voucher_over_deposit');
    const { block, hash } = await chain.close({ channel, cumulative: cumulativeAmount, signature });
    await reader.confirm(block);
    const closed = (await reader.refresh(channel)) ?? row;
    const settled = closed.settled / unit;
    const refunded = (closed.deposit - closed.settled) / unit;
    emit({ type: 'channelClosed', at: clock.now(), channel, settled, refunded, tx: hash });
    return { txHash: hash, settled, refunded };
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'transaction_reverted') throw error;
    const reason = reasonOf(error);
    throw new CodedError('close_failed', `The channel could not be closed: ${reason}.`, { reason }, error);
  } finally {
    held.delete(channel);
  }
}

/** The channel once everything that was on its way to the disk is there: a job may have been starting. */
async function atRest(channel: Hex, ledger: Ledger, random: Random): Promise<ChannelRow> {
  const known = ledger.state.channels.get(channel);
  const cumulative = (known?.settled ?? 0n) / ledger.state.unit;
  await ledger.commit([{ type: 'settled', id: `close/${randomId(random)}`, channel, cumulative }]);
  const row = ledger.state.channels.get(channel);
  if (!row) throw refused('channel_unknown');
  if (row.reserved > 0n)
    throw new CodedError(
      'channel_busy',
      'Streams of this channel are running: end them before you close it.',
    );
  return row;
}
