import { sleep } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import type { ChannelRecord } from './channel-record.ts';
import { postCredential, readStatus } from './channel-requests.ts';
import { adoptStatus } from './channel-status.ts';
import { voucherPayload } from './credential.ts';
import { type ChannelClosed, type ChannelStatus, parseClosed } from './payment-messages.ts';
import { signVoucher } from './payment-signing.ts';
import { errorOf } from './relay-answer.ts';

/** How often a job that was just cancelled is waited for. */
const WAITS = 20;
const WAIT_MS = 250;

/**
 * Signs what was spent, less what was credited, and has the relay close the channel on the chain; the rest of the
 * deposit goes back to the payer.
 * @returns base units; undefined where no channel was open
 * @throws CodedError `streams_running`, `channel_unknown`, and what the relay says
 */
export function closeChannel(channel: Channel, signal?: AbortSignal): Promise<ChannelClosed | undefined> {
  return channel.lane.run(async () => {
    if (channel.spending.jobs.size > 0)
      throw new CodedError('streams_running', 'Streams are running: cancel them, or wait for their end.');
    const { record } = channel;
    if (!record) return undefined;
    const status = await quietStatus(channel, signal);
    if (status.state === 'closed') return concluded(channel, record, closedBy(status));
    await adoptStatus(channel, record, status);
    const owed = channel.spending.due();
    const closed = await requestClose(channel, owed, signal);
    if (closed.settled > owed) {
      const data = { settled: closed.settled.toString(), owed: owed.toString() };
      const error = new CodedError('close_mismatch', 'The relay drew more than was owed.', data);
      channel.parts.events.emit({ type: 'problem', error });
    }
    return concluded(channel, channel.record ?? record, closed);
  }, signal);
}

/** What the relay says of the channel once it holds nothing for a job any more. */
async function quietStatus(channel: Channel, signal?: AbortSignal): Promise<ChannelStatus> {
  for (let wait = 0; ; wait++) {
    const status = await readStatus(channel, signal);
    if (!status)
      throw new CodedError('channel_unknown', 'The relay does not know the channel.', {
        channelId: channel.record?.channelId,
      });
    if (status.reserved === 0n || wait === WAITS) return status;
    await sleep(channel.parts.clock, WAIT_MS, signal);
  }
}

async function requestClose(channel: Channel, owed: bigint, signal?: AbortSignal): Promise<ChannelClosed> {
  const record = channel.record as ChannelRecord;
  // The one signature that may lie below the last: it gives back what was paid ahead.
  const voucher = await signVoucher(channel.parts.wallet, record, record.channelId, owed);
  const send = (): Promise<Response> => postCredential(channel, voucherPayload('close', voucher), { signal });
  let failure: CodedError;
  try {
    let response = await send();
    if (response.status === 402) response = await send();
    const closed = response.ok ? parseClosed(await response.clone().json()) : undefined;
    if (closed) return closed;
    failure = await errorOf(response);
  } catch (error) {
    if (!(error instanceof CodedError) || signal?.aborted) throw error;
    failure = error;
  }
  // The answer may have been lost, or the relay may say it in another way: what became of the channel decides.
  const status = await readStatus(channel, signal);
  if (status?.state === 'closed') return closedBy(status);
  throw failure;
}

function closedBy({ deposit, settled }: ChannelStatus): ChannelClosed {
  return { settled, refunded: deposit - settled };
}

async function concluded(
  channel: Channel,
  record: ChannelRecord,
  closed: ChannelClosed,
): Promise<ChannelClosed> {
  await channel.keep({ ...record, phase: 'closed' });
  const { settled, refunded } = closed;
  channel.parts.events.emit({ type: 'closed', channelId: record.channelId, settled, refunded });
  return closed;
}
