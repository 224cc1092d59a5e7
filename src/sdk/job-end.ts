import { sleep } from '../core/clock.ts';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { type JobReceipt, jobReceiptSchema } from '../protocol/money/receipt.ts';
import type { Channel } from './channel.ts';
import type { ClientParts } from './client-parts.ts';
import type { Arrived } from './paid-stream.ts';
import type { PaymentEnd } from './payment-messages.ts';
import { discard } from './relay-answer.ts';
import { checkReceipt, costOf, type OwnAccount } from './receipt-check.ts';
import type { UnclearJob } from './spending.ts';

/** A receipt is asked for this often: that of a job that was just cancelled takes a moment. */
const TRIES = 6;
const PAUSE_MS = 100;

export interface EndedJob {
  readonly id: Hex | undefined;
  readonly modelId: string;
  readonly choice: number;
  readonly arrived: Arrived;
}

/** Verifies the receipt of a whole answer. @param cost pico, by this side's count */
export async function verifyEnd(
  parts: ClientParts,
  { id, arrived, ...known }: EndedJob,
  cost: bigint,
  end: PaymentEnd | undefined,
): Promise<void> {
  const receipt = end?.receipt ?? (await fetchJobReceipt(parts, id));
  if (!receipt) return tellMissing(parts, id);
  const own: OwnAccount = { job: id, relay: parts.terms?.relay, ...known, ...arrived, isWhole: true };
  const problems = checkReceipt(receipt, own);
  if (end && end.charged > cost) problems.push('overcharged');
  parts.events.emit({ type: 'receipt', job: receipt.job, receipt, problems, cost, charged: end?.charged });
}

/** Finds out what an answer cost that broke off: no more than was covered, and no more than its receipt says. */
export async function verifyBroken(
  parts: ClientParts,
  channel: Channel | undefined,
  { id, arrived, ...known }: EndedJob,
  unclear: UnclearJob | undefined,
): Promise<void> {
  const receipt = await fetchJobReceipt(parts, id);
  if (!receipt) return unclear && tellMissing(parts, id);
  const own: OwnAccount = { job: id, relay: parts.terms?.relay, ...known, ...arrived, isWhole: false };
  const problems = checkReceipt(receipt, own);
  let cost = 0n;
  if (unclear?.terms) {
    const counted = costOf(receipt, unclear.terms, unclear.covered ?? 0);
    if (counted === undefined) problems.push('overcharged');
    cost = counted ?? unclear.commitment;
    channel?.spending.settle(unclear, cost);
    await channel?.keep();
  }
  parts.events.emit({ type: 'receipt', job: receipt.job, receipt, problems, cost, charged: undefined });
}

export function tellMissing({ events }: ClientParts, job: Hex | undefined): void {
  const error = new CodedError('receipt_missing', 'The relay gave no receipt of a job.', { job });
  events.emit({ type: 'problem', error, ...(job ? { job } : {}) });
}

/** A job's receipt, as the relay gives it once the job has ended; undefined where it does not come. */
export async function fetchReceipt({ clock, relay }: ClientParts, job: Hex | undefined): Promise<unknown> {
  if (job === undefined) return undefined;
  for (let attempt = 0; attempt < TRIES; attempt++) {
    if (attempt > 0) await sleep(clock, PAUSE_MS * 2 ** attempt);
    const response = await relay.get(`/v1/receipts/${job}`).catch(() => undefined);
    if (!response?.ok) {
      if (response) await discard(response);
      continue;
    }
    return response.json().catch(() => null);
  }
  return undefined;
}

/** @throws CodedError `receipt_malformed` */
async function fetchJobReceipt(parts: ClientParts, job: Hex | undefined): Promise<JobReceipt | undefined> {
  const value = await fetchReceipt(parts, job);
  if (value === undefined) return undefined;
  const parsed = jobReceiptSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join('.');
  throw new CodedError('receipt_malformed', 'The receipt of a job can’t be read.', { job, field });
}
