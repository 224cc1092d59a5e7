import { CodedError } from '../core/errors.ts';
import { recoverAddress } from '../protocol/money/signature.ts';
import type { Channel } from './channel.ts';
import type { ChannelRecord } from './channel-record.ts';
import type { ChannelStatus } from './payment-messages.ts';
import { voucherDigestOf } from './payment-signing.ts';

/**
 * Brings the record in line with what the relay holds, where nothing runs. The agent's own count is the bound: the
 * relay is believed only where it can prove (by the agent's own signature) or where it is to the agent's favour.
 * @throws CodedError `state_outdated`: the relay holds a higher voucher than this record knows of
 */
export async function adoptStatus(
  channel: Channel,
  record: ChannelRecord,
  status: ChannelStatus,
): Promise<void> {
  let { signed, signature } = record;
  if (status.accepted > signed) {
    const proof = status.voucherSignature;
    const digest = voucherDigestOf(record, record.channelId, status.accepted);
    if (!proof || recoverAddress(digest, proof) !== record.payer) {
      throw new CodedError(
        'state_outdated',
        'The relay holds a higher voucher than this state knows: it is of an earlier time, or the relay lies.',
        { channelId: record.channelId, signed: signed.toString(), accepted: status.accepted.toString() },
      );
    }
    signed = status.accepted;
    signature = proof;
  }
  channel.spending.credit(status.credited);
  if (status.reserved === 0n && channel.spending.jobs.size === 0)
    settleBy(channel, status.spent, signed > record.signed ? signed * channel.parts.terms.unit : 0n);
  await channel.keep({ ...record, signed, signature, phase: 'open', deposit: status.deposit });
  channel.acknowledge(status.accepted);
}

/**
 * With nothing running, `spent` is the sum of all ended jobs: it clears up what is unclear, within what those jobs
 * were covered for, or within what a voucher proves that was forgotten.
 */
function settleBy({ parts, spending }: Channel, spent: bigint, proven: bigint): void {
  const counted = [...spending.unclear.values()].reduce((sum, job) => sum + job.commitment, spending.settled);
  const most = counted > proven ? counted : proven;
  if (spent > most) {
    const data = { spent: spent.toString(), counted: most.toString() };
    const error = new CodedError('overcharged', 'The relay says that more was spent than was counted.', data);
    parts.events.emit({ type: 'problem', error });
  }
  spending.settleAll(spent < most ? spent : most);
}
