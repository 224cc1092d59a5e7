import { sleep } from '../core/clock.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { postCredential } from './channel-requests.ts';
import { voucherPayload } from './credential.ts';
import { within } from './deadline.ts';
import { readAccepted } from './payment-messages.ts';
import { discard, errorOf } from './relay-answer.ts';

const TIMEOUT_MS = 10_000;
const TRIES = 4;
const PAUSE_MS = 150;

/** Brings vouchers to the relay while streams run. */
export interface VoucherSender {
  /** More is due than the relay holds, or it says that it lost one: the newest voucher goes out, after what waits. */
  raise(): void;
}

/** Vouchers of all streams go through one lane; what became due meanwhile goes with the next. */
export function createVoucherSender(channel: Channel): VoucherSender {
  let waiting = false;
  async function deliver(): Promise<void> {
    waiting = false;
    try {
      await sendVoucher(channel);
    } catch (cause) {
      const { code, message } = errorBody(cause);
      const error = new CodedError(
        'voucher_undelivered',
        `A voucher was not taken: ${message}`,
        { code },
        cause,
      );
      channel.parts.events.emit({ type: 'problem', error });
    }
  }
  return {
    raise() {
      if (waiting) return;
      waiting = true;
      void channel.lane.run(deliver);
    },
  };
}

async function sendVoucher(channel: Channel): Promise<void> {
  const { clock } = channel.parts;
  for (let attempt = 1; ; attempt++) {
    const voucher = await channel.voucher();
    try {
      const response = await within(clock, TIMEOUT_MS, (signal) =>
        postCredential(channel, voucherPayload('voucher', voucher), { signal }),
      );
      if (response.ok) {
        await discard(response);
        return channel.acknowledge(readAccepted(response.headers) ?? voucher.cumulative);
      }
      const error = await errorOf(response);
      // The relay holds one that is as high: its answer to an earlier try was lost.
      if (error.code === 'voucher_stale') return channel.acknowledge(voucher.cumulative);
      if (response.status < 500 && (response.status !== 402 || attempt > 1)) throw error;
      if (attempt === TRIES) throw error;
    } catch (error) {
      const { code } = errorBody(error);
      if (attempt === TRIES || (code !== 'relay_unreachable' && code !== 'timeout')) throw error;
    }
    await sleep(clock, PAUSE_MS * 2 ** attempt);
  }
}
