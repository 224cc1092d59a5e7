import { CodedError } from '../../core/errors.ts';
import type { Refusal } from '../ledger/result.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  channel_unknown: 'This relay knows no such channel: open one first.',
  channel_closing: 'This channel is being closed: it pays for nothing more.',
  channel_busy: 'Streams of this channel are running: end them before you close it.',
  channel_closed: 'This channel is closed: open another one.',
  voucher_stale: 'This voucher is no news: sign a higher amount.',
  voucher_over_deposit: 'This voucher is for more than the deposit: top the channel up first.',
  voucher_insufficient: 'This voucher does not cover the prompt and the first chunk.',
};

/** A refused payment as an error; amounts in `data` are decimal strings. */
export function refused(code: string, data: Readonly<Record<string, unknown>> = {}): CodedError {
  const plain = Object.entries(data).map(([name, value]) => [
    name,
    typeof value === 'bigint' ? String(value) : value,
  ]);
  const sentence = SENTENCES[code] ?? 'The payment was refused.';
  return new CodedError(code, sentence, Object.fromEntries(plain));
}

/** What a contract refused a transaction for. */
export function reasonOf({ data, message }: CodedError): string {
  const reason = data?.['reason'];
  return typeof reason === 'string' ? reason : message;
}

/** What an operation was refused for: a rule of payment, or a fault of this relay. */
export function refusalError({ code, data, type }: Refusal): CodedError {
  if (Object.hasOwn(SENTENCES, code)) return refused(code, data);
  return new CodedError('payment_failed', `The relay could not book a payment (${type}: ${code}).`);
}

/** The contract refused a transaction, before it was sent or in a block. */
export function isReverted(error: unknown): error is CodedError {
  return error instanceof CodedError && error.code === 'transaction_reverted';
}

/** A refusal of the contract as the failure of a deposit; any other error as it is. */
export function depositFailure(error: unknown, code: string, words: string): unknown {
  if (!isReverted(error)) return error;
  const reason = reasonOf(error);
  const isUsed = /used|nonce|consumed/i.test(reason) && !/mismatch/i.test(reason);
  return new CodedError(isUsed ? 'nonce_reused' : code, `${words}: ${reason}.`, { reason }, error);
}
