import { z } from 'zod';
import { CodedError } from '../core/errors.ts';
import { hash, hex } from '../protocol/wire/fields.ts';
import { amount, anyAddress } from './amount-fields.ts';
import { parseJson } from './payment-messages.ts';

const recordSchema = z.object({
  version: z.literal(1),
  /** The relay's URL. */
  relay: z.string(),
  chainId: z.int(),
  escrow: anyAddress,
  token: anyAddress,
  payee: anyAddress,
  payer: anyAddress,
  salt: hash,
  channelId: hash,
  phase: z.enum(['opening', 'open', 'closed']),
  /** Base units. */
  deposit: amount,
  /** Seconds since the epoch: until then the deposit's authorization can be used. */
  validBefore: z.int(),
  /** The highest voucher ever signed, in base units: nothing lower is ever signed but the close. */
  signed: amount,
  signature: hex(65),
  /** Pico. */
  settled: amount,
  /** Jobs whose cost was not known when this was written, with the most that they can cost (pico). */
  unclear: z.array(z.object({ id: hex(16).nullable(), commitment: amount })),
});

/** All that a client must not forget of its channel. */
export type ChannelRecord = z.output<typeof recordSchema>;

/** A record as text, for a file or a database. It holds signatures but no key. */
export function writeRecord(record: ChannelRecord): string {
  return JSON.stringify(record, (_name, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
}

/** @throws CodedError `state_malformed` */
export function parseRecord(text: string): ChannelRecord {
  const parsed = recordSchema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new CodedError('state_malformed', 'This is not the state of a channel of Afterglow.', {
    field: parsed.error.issues[0]?.path.join('.'),
  });
}
