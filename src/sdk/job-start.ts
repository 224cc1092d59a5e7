import { CodedError } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import { ensureOpen } from './channel-opening.ts';
import { postCredential, readStatus } from './channel-requests.ts';
import { adoptStatus } from './channel-status.ts';
import { ensureFunds } from './channel-topup.ts';
import { readChallenge } from './challenge.ts';
import { voucherPayload } from './credential.ts';
import { checkOffer, type Offer, type TokenPrice } from './offer.ts';
import type { PaidOrder } from './paid-order.ts';
import { readAccepted } from './payment-messages.ts';
import { discard, errorOf, jobIdsIn } from './relay-answer.ts';
import type { SpendingJob } from './spending.ts';

export interface StartOptions {
  readonly channel: Channel;
  readonly order: PaidOrder;
  /** The answer to the same request without a credential. */
  readonly asked: Response;
  readonly headers: Headers;
  readonly maxPrice: TokenPrice | undefined;
  readonly signal: AbortSignal;
}

/** The relay's answer, and the jobs that it began, one for each choice; none where it refused. */
export interface StartedJobs {
  readonly response: Response;
  readonly jobs: readonly SpendingJob[];
}

/**
 * Pays for a request's start and sends it. A 402 is answered once more, under the challenge that came with it.
 * @throws CodedError `budget_exhausted`, `relay_overcharges`, and those of `checkOffer`, `ensureOpen` and `ensureFunds`
 */
export function startJobs(options: StartOptions): Promise<StartedJobs> {
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
async function tryTwice(options: StartOptions, last: Response): Promise<StartedJobs> {
  const sent: { body?: string } = {};
  return tryStart(options, last, sent).catch(async (error: unknown) => {
    if (!(error instanceof CodedError) || error.code !== 'relay_unreachable') throw error;
    await clearUp(options.channel, options.signal);
    return tryStart(options, last, sent);
  });
}

async function tryStart(
  options: StartOptions,
  last: Response,
  sent: { body?: string },
): Promise<StartedJobs> {
  const { channel, headers, maxPrice, order, signal } = options;
  const { spending, parts } = channel;
  if (!channel.challenge || !last.headers.has('www-authenticate')) return { response: last, jobs: [] };
  const offer = checkOffer(channel.challenge, order, parts.terms, maxPrice);
  const { maxTokens, terms } = offer;
  const { choices } = order;
  await ensureFunds(channel, terms, { choices, maxTokens }, signal);
  const affordable = spending.affordable(terms, choices);
  const jobs = startAll(channel, offer, choices, Math.min(maxTokens, Math.max(affordable, 1)));
  const leaveUnclear = (): void => jobs.forEach((job) => spending.leaveUnclear(job));
  const forget = (): void => jobs.forEach((job) => spending.settle(job, 0n));
  let isSent = false;
  try {
    const voucher = await channel.voucher();
    refuseExcess(offer, voucher.cumulative);
    isSent = true;
    sent.body ??= order.bodyOf(affordable < maxTokens ? affordable : undefined);
    const payload = voucherPayload('voucher', voucher);
    const response = await postCredential(channel, payload, {
      path: order.path,
      body: sent.body,
      headers,
      signal,
    });
    if (!response.ok && (await isRefused(response))) {
      forget();
      return { response, jobs: [] };
    }
    channel.acknowledge(readAccepted(response.headers) ?? voucher.cumulative);
    const ids = jobIdsIn(response.headers);
    for (const [choice, job] of jobs.entries()) job.id = ids[choice];
    if (response.ok) return { response, jobs };
    leaveUnclear();
    return { response, jobs: [] };
  } catch (error) {
    if (isSent) leaveUnclear();
    else forget();
    signal.throwIfAborted();
    throw error;
  }
}

/** All choices or none. @throws CodedError `budget_exhausted` */
function startAll(
  { spending }: Channel,
  { terms }: Offer,
  choices: number,
  maxTokens: number,
): SpendingJob[] {
  const jobs: SpendingJob[] = [];
  try {
    while (jobs.length < choices) jobs.push(spending.start(terms, maxTokens));
    return jobs;
  } catch (error) {
    for (const job of jobs) spending.settle(job, 0n);
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
