import { CodedError } from '../core/errors.ts';
import { type Challenge, readChallenge } from './challenge.ts';
import type { Channel } from './channel.ts';
import { paymentHeader } from './credential.ts';
import { type ChannelStatus, parseChannelStatus } from './payment-messages.ts';
import { discard, errorOf } from './relay-answer.ts';

/** What is paid for; vouchers, openings and closes go to the first of them, without a body. */
export const CHAT_PATH = '/v1/chat/completions';
export const EMBED_PATH = '/v1/embeddings';

/** A challenge that ends sooner is not used any more. */
const FRESH_MS = 30_000;

export interface PaidRequest {
  /** Of what is paid for; vouchers alone go to that of chats. */
  readonly path?: string;
  readonly body?: string;
  readonly headers?: Headers;
  readonly signal?: AbortSignal | undefined;
}

/** Sends a credential, with a body or without. Takes the challenge along that a 402 brings. */
export async function postCredential(
  channel: Channel,
  payload: object,
  { path = CHAT_PATH, body, headers, signal }: PaidRequest = {},
): Promise<Response> {
  const { echo } = await freshChallenge(channel, signal);
  const all = new Headers(headers ?? {});
  all.set('authorization', paymentHeader(echo, payload));
  const response = await channel.parts.relay.post(path, {
    headers: all,
    signal,
    ...(body === undefined ? {} : { body }),
  });
  if (response.status === 402 && response.headers.has('www-authenticate'))
    channel.challenge = readChallenge(response.headers, channel.parts.terms);
  return response;
}

async function freshChallenge(channel: Channel, signal: AbortSignal | undefined): Promise<Challenge> {
  const { clock, relay, terms } = channel.parts;
  if (channel.challenge && channel.challenge.expiresAt - clock.now() > FRESH_MS) return channel.challenge;
  const response = await relay.post(CHAT_PATH, { signal });
  if (response.status !== 402) {
    const { status } = response;
    throw new CodedError('challenge_missing', `The relay gave no challenge but ${status}.`, { status });
  }
  await discard(response);
  return (channel.challenge = readChallenge(response.headers, terms));
}

/** What the relay says of the channel; undefined where it knows none. @throws CodedError the relay's */
export async function readStatus(channel: Channel, signal?: AbortSignal): Promise<ChannelStatus | undefined> {
  const { record } = channel;
  if (!record) return undefined;
  const response = await channel.parts.relay.get(`/v1/payment/channels/${record.channelId}`, signal);
  if (response.status === 404) {
    await discard(response);
    return undefined;
  }
  if (!response.ok) throw await errorOf(response);
  const status = parseChannelStatus(await response.json().catch(() => undefined));
  if (status?.channelId === record.channelId) return status;
  throw new CodedError('channel_status_malformed', 'What the relay says of the channel can’t be read.');
}
