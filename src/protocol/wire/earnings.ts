import { z } from 'zod';
import { address, hash } from './fields.ts';
import { signatureSchema } from './job.ts';

/** A whole amount in pico or base units as a decimal string: what fits an uint128. */
const amountSchema = z.string().regex(/^\d{1,39}$/);

/** Where a relay that pays does so: the hub's facts, and the terms that hold for every job (rules M1, M4). */
export const payoutTermsSchema = z.object({
  chainId: z.int().min(1),
  hub: address,
  /** What the hub is named by: its token, its owner, and who signs its vouchers. */
  token: address,
  owner: address,
  signer: address,
  /** Pico per base unit of the token. */
  unit: amountSchema,
  feeBps: z.int().min(0).max(10_000),
  /** A payout can be asked for from this vested amount on, and comes by itself at the other, in pico. */
  minimum: amountSchema,
  threshold: amountSchema,
});
export type PayoutTerms = z.infer<typeof payoutTermsSchema>;

/** The hub owes `payee` all that it has signed for, minus what it has paid: `cumulative` is in base units (rule M7). */
export const payoutVoucherSchema = z.object({
  chainId: z.int().min(1),
  hub: address,
  payee: address,
  cumulative: amountSchema,
  signature: signatureSchema,
});
export type PayoutVoucher = z.infer<typeof payoutVoucherSchema>;

/** Where the payout of an account stands. `pending` waits for a transaction; `failed` is tried again by itself. */
const payoutStateSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('none') }),
  z.object({ name: z.literal('pending') }),
  z.object({
    name: z.literal('failed'),
    code: z.string().max(64),
    message: z.string().max(500),
    retryInMs: z.number().min(0).optional(),
  }),
]);
export type PayoutState = z.infer<typeof payoutStateSchema>;

/**
 * An account's money at this relay, in pico: three amounts that add up to all that it ever earned here. Times are
 * given as what is left of them, because the two ends' clocks differ.
 */
export const earningsSchema = z.object({
  /** Earned, in batches that have not vested. */
  accrued: amountSchema,
  /** Vested and not paid: what the latest voucher is for, and less than a base unit beside it. */
  vested: amountSchema,
  /** Paid by the hub, as read from the chain. */
  paid: amountSchema,
  /** The batch that is open. Null where none is. */
  batch: z.object({ chunks: z.int().min(0), of: z.int().min(1), closesInMs: z.number().min(0) }).nullable(),
  /** What a cheat cost: batches that never vest. */
  forfeited: amountSchema,
  payout: payoutStateSchema,
  /** The last payment that this relay made or saw. */
  lastPaid: z.object({ amount: amountSchema, transaction: hash, agoMs: z.number().min(0) }).nullable(),
});
export type Earnings = z.infer<typeof earningsSchema>;
