import { sleep } from '../core/clock.ts';
import { toHex } from '../core/bytes.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { Channel } from './channel.ts';
import type { ChannelRecord } from './channel-record.ts';
import { postCredential, readStatus } from './channel-requests.ts';
import { adoptStatus } from './channel-status.ts';
import { openPayload } from './credential.ts';
import type { ChannelStatus } from './payment-messages.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { channelIdOf, signDeposit, signVoucher } from './payment-signing.ts';
import { discard, errorOf } from './relay-answer.ts';
import { accountOf } from './wallet.ts';

/** How long an authorization can be used. */
const VALID_SECONDS = 540;

/** An authorization that ends sooner is not sent any more. */
const MARGIN_SECONDS = 20;

/** How often, and how long, a deposit that is on its way is asked after. */
const POLL_MS = 500;
const POLLS = 240;

/**
 * Opens the channel, or makes sure that one of an earlier run still stands. Costs the agent no gas. Only within the
 * lane, so that it happens once. The salt is kept before the deposit is authorized: whatever is lost on the way, the
 * next call goes on with the same channel.
 * @throws CodedError `budget_too_small`, `payment_unsupported`, `open_failed`, `channel_closing`, `state_outdated`,
 * and what the relay says
 */
export async function ensureOpen(channel: Channel, signal?: AbortSignal): Promise<void> {
  if (channel.isChecked) return;
  const { record } = channel;
  if (record && (await resume(channel, record, signal))) return;
  await openChannel(channel, channel.record ?? (await planChannel(channel)), signal);
}

/** @returns whether the channel of the record is open */
async function resume(channel: Channel, record: ChannelRecord, signal?: AbortSignal): Promise<boolean> {
  const status = await readStatus(channel, signal);
  const now = Math.floor(channel.parts.clock.now() / 1000);
  if (status === undefined) {
    // A relay that forgot an open channel finds it on the chain when it is opened again: its nonce is used, so that
    // nothing can be drawn twice.
    if (record.phase === 'open') await channel.keep({ ...record, validBefore: now + VALID_SECONDS });
    else if (record.validBefore - MARGIN_SECONDS <= now) channel.forget();
    return false;
  }
  if (status.state === 'pending') return false;
  if (status.state === 'closed') {
    channel.forget();
    return false;
  }
  await confirm(channel, record, status);
  return true;
}

async function planChannel(channel: Channel): Promise<ChannelRecord> {
  const { budget, clock, deposit, random, relay, terms, wallet } = channel.parts;
  if (!terms.feePayer) throw unsponsored(terms);
  if (deposit < terms.minDeposit) {
    throw new CodedError('budget_too_small', 'The relay asks for a larger deposit than the budget allows.', {
      budget: budget.toString(),
      deposit: deposit.toString(),
      minDeposit: terms.minDeposit.toString(),
    });
  }
  const payer = accountOf(wallet);
  const salt = toHex(random.bytes(32));
  const channelId = channelIdOf(payer, salt, terms);
  const { chainId, escrow, payee, token } = terms;
  const record: ChannelRecord = {
    version: 1,
    relay: relay.url,
    chainId,
    escrow,
    token,
    payee,
    payer,
    salt,
    channelId,
    phase: 'opening',
    deposit,
    validBefore: Math.floor(clock.now() / 1000) + VALID_SECONDS,
    signed: 0n,
    signature: (await signVoucher(wallet, terms, channelId, 0n)).signature,
    settled: 0n,
    unclear: [],
  };
  await channel.keep(record);
  return record;
}

/** What is missing, and what would do: this client signs, and sends no transactions. */
function unsponsored({ escrow, token }: PaymentTerms): CodedError {
  const message =
    'This relay does not pay for the opening of channels: its coin takes no signed authorizations (EIP-3009 with ' +
    'the signature as bytes), or it sponsors nobody. This client has no gas to open one with: choose another relay.';
  return new CodedError('payment_unsupported', message, { missing: 'sponsored opening', escrow, token });
}

async function openChannel(channel: Channel, record: ChannelRecord, signal?: AbortSignal): Promise<void> {
  const { clock, terms, wallet } = channel.parts;
  const { channelId, deposit: value, salt, signature, validBefore } = record;
  const deposit = await signDeposit(wallet, terms, { value, salt, validBefore });
  let failure: CodedError | undefined;
  try {
    const response = await postCredential(
      channel,
      openPayload(deposit, { channelId, cumulative: 0n, signature }),
      { signal },
    );
    if (response.ok) await discard(response);
    else failure = await errorOf(response);
  } catch (error) {
    // The answer may have been lost on its way: what the relay says of the channel decides.
    if (!(error instanceof CodedError) || signal?.aborted) throw error;
    failure = error;
  }
  for (let poll = 0; poll < POLLS; poll++) {
    const status = await readStatus(channel, signal);
    if (status && status.state !== 'pending') return confirm(channel, record, status);
    if (failure && !status) {
      const { code, message } = errorBody(failure);
      throw new CodedError('open_failed', `The channel could not be opened: ${message}`, { code }, failure);
    }
    await sleep(clock, POLL_MS, signal);
  }
  throw new CodedError('open_failed', 'The deposit was not confirmed in time.', { channelId });
}

/** The channel is there: with the payer and the deposit that were asked for, whoever sent the transaction. */
async function confirm(channel: Channel, record: ChannelRecord, status: ChannelStatus): Promise<void> {
  const { channelId } = record;
  if (status.state === 'closing')
    throw new CodedError('channel_closing', 'A close of this channel was asked for.', { channelId });
  if (status.state !== 'open' || status.payer !== record.payer || status.deposit < record.deposit) {
    throw new CodedError('open_failed', 'The relay knows the channel, but not as it was ordered.', {
      channelId,
      state: status.state,
      deposit: status.deposit.toString(),
    });
  }
  await adoptStatus(channel, record, status);
  channel.isChecked = true;
  if (record.phase === 'opening')
    channel.parts.events.emit({ type: 'opened', channelId, deposit: status.deposit });
}
