import { z } from 'zod';
import type { Hex } from '../core/bytes.ts';

/** A decimal string as a bigint: base units or pico, as the field says. */
export const amount = z
  .string()
  .regex(/^\d{1,39}$/)
  .transform(BigInt);

/** An address in any case, as the lower case that everything here compares. */
export const anyAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase() as Hex);

/** Pico per token. */
export const tokenPrice = z.object({ out: amount, prompt: amount });
