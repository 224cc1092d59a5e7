import { CodedError } from '../core/errors.ts';
import { jobIdSchema } from '../protocol/wire/job.ts';
import type { Channel } from './channel.ts';
import { ensureOpen } from './channel-opening.ts';
import { postCredential, readStatus } from './channel-requests.ts';
import { adoptStatus } from './channel-status.ts';
import { ensureFunds } from './channel-topup.ts';
import { readChallenge } from './challenge.ts';
import type { ChatOrder } from './chat-order.ts';
import { voucherPayload } from './credential.ts';
import { checkOffer, type Offer, type TokenPrice } from './offer.ts';
import { readAccepted } from './payment-messages.ts';
import { discard, errorOf } from './relay-answer.ts';
import type { SpendingJob } from './spending.ts';

export interface StartOptions {
  readonly channel: Channel;
  readonly order: ChatOrder;
  /** The answer to the same request without a credential. */
  readonly asked: Response;
  readonly headers: Headers;
  readonly maxPrice: TokenPrice | undefined;
  readonly signal: AbortSignal;
}

/** The relay's answer, and the job that it began; no job where it refused. */
export interface StartedJob {
  readonly response: Response;
  readonly job: SpendingJob | undefined;
}

/**
 * Pays for a request's start and sends it. A 402 is answered once more, under the challenge that came with it.
 * @throws CodedError `budget_exhausted`, `relay_overcharges`, and those of `checkOffer`, `ensureOpen` and `ensureFunds`
 */
export function startJob(options: StartOptions): Promise<StartedJob> {
  const { asked, channel, signal } = options;
  return channel.lane.run(async () => {
    channel.challenge = readChallenge(asked.headers, channel.parts.terms);
    // One key for all tries: a try whose answer was lost is joined, not paid twice.
    const headers = new Headers(options.headers);
    headers.set('idempotency-key', crypto.randomUUID());
    await ensureOpen(channel, signal);
    await clearUp(channel, signal);
    const first = await tryTwice({ ...options, headers }, asked);
    if (first.response.status !== 402) return first;
    const { code } = await errorOf(first.response.clone());
    if (code === 'voucher_stale') await catchUp(channel, signal);
    const second = await tryTwice({ ...options, headers }, first.response);
    if (second.response !== first.response) await discard(first.response);
    return second;
  }, signal);
}

/**
 * Once more, with the same body, where the relay did not answer. Whether it had begun is not known: what was paid
 * ahead for the lost try stays counted until the relay says what became of it (rule H4).
 */
async function tryTwice(options: StartOptions, last: Response): Promise<StartedJob> {
  const sent: { body?: string } = {};
  return tryStart(options, last, sent).catch(async (error: unknown) => {
    if (!(error instanceof CodedError) || error.code !== 'relay_unreachable') throw error;
    await clearUp(options.channel, options.signal);
    return tryStart(options, last, sent);
  });
}

async function tryStart(options: StartOptions, last: Response, sent: { body?: string }): Promise<StartedJob> {
  const { channel, headers, maxPrice, order, signal } = options;
  const { spending, parts } = channel;
  if (!channel.challenge || !last.headers.has('www-authenticate')) return { response: last, job: undefined };
  const offer = checkOffer(channel.challenge, order, parts.terms, maxPrice);
  await ensureFunds(channel, offer.terms, offer.maxTokens, signal);
  const affordable = spending.affordable(offer.terms);
  const job = spending.start(offer.terms, Math.min(offer.maxTokens, Math.max(affordable, 1)));
  let isSent = false;
  try {
    const voucher = await channel.voucher();
    refuseExcess(offer, voucher.cumulative);
    isSent = true;
    sent.body ??= order.bodyOf(affordable < offer.maxTokens ? affordable : undefined);
    const payload = voucherPayload('voucher', voucher);
    const response = await postCredential(channel, payload, { body: sent.body, headers, signal });
    if (!response.ok && (await isRefused(response))) {
      spending.settle(job, 0n);
      return { response, job: undefined };
    }
    channel.acknowledge(readAccepted(response.headers) ?? voucher.cumulative);
    job.id = jobIdSchema.safeParse(response.headers.get('x-afterglow-job')).data;
    if (response.ok) return { response, job };
    spending.leaveUnclear(job);
    return { response, job: undefined };
  } catch (error) {
    if (isSent) spending.leaveUnclear(job);
    else spending.settle(job, 0n);
    signal.throwIfAborted();
    throw error;
  }
}

/** The relay itself says why it did not begin; anything else (a gateway's page) leaves open whether it did. */
async function isRefused(response: Response): Promise<boolean> {
  return response.status < 500 || (await errorOf(response.clone())).code !== 'relay_failed';
}

function refuseExcess({ firstVoucher }: Offer, cumulative: bigint): void {
  if (firstVoucher === undefined || firstVoucher <= cumulative) return;
  throw new CodedError('relay_overcharges', 'The relay asks for more than this client has counted.', {
    asked: firstVoucher.toString(),
    counted: cumulative.toString(),
  });
}

/** Where nothing runs, what the relay spent says what unclear jobs cost. */
async function clearUp(channel: Channel, signal: AbortSignal): Promise<void> {
  if (channel.spending.unclear.size > 0 && channel.spending.jobs.size === 0) await catchUp(channel, signal);
}

async function catchUp(channel: Channel, signal: AbortSignal): Promise<void> {
  const status = await readStatus(channel, signal);
  if (status && channel.record) await adoptStatus(channel, channel.record, status);
}
