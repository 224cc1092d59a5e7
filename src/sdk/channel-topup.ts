import { toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { ceilToBase, fullCost, type JobTerms } from '../protocol/money/price.ts';
import type { Channel } from './channel.ts';
import { postCredential, readStatus } from './channel-requests.ts';
import { topUpPayload } from './credential.ts';
import { signTopUp } from './payment-signing.ts';
import { discard, errorOf } from './relay-answer.ts';

const VALID_SECONDS = 540;

/**
 * Adds to the deposit where a request needs more than it holds and the budget allows it: as much as the channel was
 * opened with, or what is missing, whichever is more. Only within the lane.
 * @throws CodedError `top_up_failed`, and those of the wallet
 */
export async function ensureFunds(
  channel: Channel,
  terms: JobTerms,
  { choices, maxTokens }: { readonly choices: number; readonly maxTokens: number },
  signal?: AbortSignal,
): Promise<void> {
  const { record, spending, parts } = channel;
  const { budget, deposit: step } = parts;
  if (!record || record.deposit >= budget || spending.affordable(terms, choices) >= maxTokens) return;
  const most = fullCost(terms, maxTokens) * BigInt(choices);
  const wanted = maxTokens === Number.MAX_SAFE_INTEGER ? 0n : ceilToBase(most, parts.terms.unit);
  const missing = spending.due() + wanted - record.deposit;
  const more = missing > step ? missing : step;
  const left = budget - record.deposit;
  await topUp(channel, more < left ? more : left, signal);
}

/** @param value base units */
async function topUp(channel: Channel, value: bigint, signal?: AbortSignal): Promise<void> {
  const { clock, events, random, terms, wallet } = channel.parts;
  const { record } = channel;
  if (!record) return;
  const { channelId } = record;
  const salt = toHex(random.bytes(32));
  const validBefore = Math.floor(clock.now() / 1000) + VALID_SECONDS;
  const deposit = await signTopUp(wallet, terms, channelId, { value, salt, validBefore });
  let failure: CodedError | undefined;
  try {
    const response = await postCredential(channel, topUpPayload(channelId, deposit), { signal });
    if (response.ok) await discard(response);
    else failure = await errorOf(response);
  } catch (error) {
    if (!(error instanceof CodedError) || signal?.aborted) throw error;
    failure = error;
  }
  // Whatever was answered: what the channel holds decides.
  const status = await readStatus(channel, signal);
  if (!status || status.deposit <= record.deposit) {
    const words = failure?.message ?? 'the deposit did not grow.';
    throw new CodedError(
      'top_up_failed',
      `The channel could not be topped up: ${words}`,
      { channelId },
      failure,
    );
  }
  await channel.keep({ ...record, deposit: status.deposit });
  events.emit({ type: 'toppedUp', channelId, deposit: status.deposit });
}
