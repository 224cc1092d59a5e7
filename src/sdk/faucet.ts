import { z } from 'zod';
import { CodedError } from '../core/errors.ts';
import { hash } from '../protocol/wire/fields.ts';
import { amount } from './amount-fields.ts';
import { errorOf } from './relay-answer.ts';
import { createRelayEndpoint, type Fetch } from './relay-endpoint.ts';

const giftSchema = z.object({ txHash: hash, amount });

/** What a faucet gave, in base units of the test coin. */
export type FaucetGift = z.output<typeof giftSchema>;

/**
 * Asks the faucet of a relay on a test chain for coins.
 * @throws CodedError `faucet_missing`, `faucet_limit`, and what else the relay says
 */
export async function askFaucet(
  relay: string,
  address: string,
  { fetch = globalThis.fetch, signal }: { fetch?: Fetch; signal?: AbortSignal } = {},
): Promise<FaucetGift> {
  const response = await createRelayEndpoint(relay, fetch).post('/v1/faucet', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address }),
    signal,
  });
  if (response.status === 404)
    throw new CodedError('faucet_missing', 'This relay has no faucet: only test networks do.', { relay });
  if (!response.ok) throw await errorOf(response);
  const gift = giftSchema.safeParse(await response.json().catch(() => undefined));
  if (gift.success) return gift.data;
  throw new CodedError('relay_failed', 'What the faucet answered can’t be read.');
}
