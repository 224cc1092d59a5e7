import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Route } from '../openai/route.ts';
import { sendJson } from '../openai/send-json.ts';
import type { ChainPort } from './chain-port.ts';
import type { PendingChannel } from './sponsored-deposits.ts';
import { pendingStatus } from './channel-status.ts';
import { createFaucet } from './faucet.ts';
import { type PaymentTerms, termsJson } from './payment-terms.ts';

export interface PaymentRoutesParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly terms: PaymentTerms;
  readonly unit: bigint;
  readonly faucet: bigint | undefined;
  /** Its status, for a channel that is known. */
  readonly channel: (id: Hex) => object | undefined;
  readonly pending: ReadonlyMap<Hex, PendingChannel>;
}

const faucetSchema = z.object({
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/)
    .transform((text) => text.toLowerCase() as Hex),
});

/** What anybody may read of payments, and the faucet of a test chain. */
export function createPaymentRoutes(parts: PaymentRoutesParts): readonly Route[] {
  const { chain, channel, clock, faucet, pending, terms, unit } = parts;
  const offer = termsJson(terms, unit);
  const routes: Route[] = [
    { path: '/v1/payment', methods: { GET: () => (_request, reply) => sendJson(reply, offer) } },
    {
      path: '/v1/payment/channels/:id',
      methods: {
        GET: (name) => (_request, reply) => {
          const id = name.toLowerCase() as Hex;
          const opening = pending.get(id);
          const status = channel(id) ?? (opening && pendingStatus(id, opening.payer, opening.signer));
          if (!status)
            throw new CodedError('channel_unknown', 'This relay knows no such channel.', { status: 404 });
          sendJson(reply, status);
        },
      },
    },
  ];
  if (faucet === undefined) return routes;
  const gifts = createFaucet(chain, clock, faucet);
  const give: Route = {
    path: '/v1/faucet',
    methods: {
      POST: () => async (request, reply) => {
        const parsed = faucetSchema.safeParse(parseJson(await request.body()));
        if (!parsed.success) throw new CodedError('invalid_value', 'The body must be {"address": "0x…"}.');
        sendJson(reply, await gifts.drip(parsed.data.address, request.ip));
      },
    },
  };
  return [...routes, give];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
