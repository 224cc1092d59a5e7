import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';

/** Exactly `bytes` bytes as `0x` and lower-case hex digits. */
export function hex(bytes: number) {
  const pattern = new RegExp(`^0x[0-9a-f]{${2 * bytes}}$`);
  return z.custom<Hex>(
    (value) => typeof value === 'string' && pattern.test(value),
    `expected ${bytes} bytes of hex`,
  );
}

/** A 32-byte hash. */
export const hash = hex(32);

export const tokenIdSchema = z
  .int()
  .min(0)
  .max(2 ** 24);

/** An account: 20 bytes, lower case on the wire. */
export const address = hex(20);
