import type { Log } from './log.ts';
import type { PaymentEvent } from './payments/payment-events.ts';
import type { RelayEvent } from './relay-events.ts';

/** What an operator reads of providers and moves; jobs have their line from the request (rule A6). */
export function logEvent(log: Log, event: RelayEvent): void {
  const { type, at: _, ...fields } = event;
  switch (type) {
    case 'providerReady':
      return log.info(fields, 'A provider is ready.');
    case 'providerLost':
      return log.info(fields, 'A provider is gone.');
    case 'ruleBroken':
      return log.warn(fields, 'A provider broke a rule and was closed.');
    case 'jobInterrupted':
      return log.info(fields, 'A job lost its provider.');
    case 'jobMoved':
      return log.info(fields, 'A job went on at another provider.');
    case 'jobWaiting':
    case 'jobAssigned':
    case 'jobFinished':
    case 'embedFinished':
    case 'jobFailed':
    case 'jobCancelled':
  }
}

/** What an operator reads of money: channels and faults. Vouchers and chunks are too many. */
export function logPayment(log: Log, event: PaymentEvent): void {
  switch (event.type) {
    case 'channelOpened': {
      const { channel, deposit, payer, tx } = event;
      return log.info({ channel, payer, deposit: String(deposit), tx }, 'A channel is open.');
    }
    case 'channelClosing':
      return log.info(
        { channel: event.channel },
        'A channel is about to be closed: it pays for nothing more.',
      );
    case 'depositGone':
      return log.warn(
        { channel: event.channel, deposit: String(event.deposit) },
        "The chain took back a channel's deposit: it pays for nothing more until that is there again.",
      );
    case 'depositBack':
      return log.info(
        { channel: event.channel, deposit: String(event.deposit) },
        "A channel's deposit is there again.",
      );
    case 'channelClosed': {
      const { channel, refunded, settled, tx } = event;
      return log.info(
        { channel, settled: String(settled), refunded: String(refunded), tx },
        'A channel is closed.',
      );
    }
    case 'closeDelayed': {
      const { channel, code, message } = event;
      return log.warn({ channel, code, reason: message }, 'A close is late, and is tried again.');
    }
    case 'chainFailed':
      return log.warn({ code: event.code, reason: event.message }, 'The chain did not answer.');
    case 'accrued':
    case 'fundsRead':
    case 'voucherAccepted':
  }
}
