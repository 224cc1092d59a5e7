import { toHex } from './bytes.ts';

/** Randomness, handed in: cryptographic in the product, seeded in tests and simulation. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** The platform's cryptographic source; every supported runtime has it. */
export const cryptoRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

/** `length` random bytes as hex digits without a prefix, for ids. */
export function randomId(random: Random, length = 16): string {
  return toHex(random.bytes(length)).slice(2);
}

/** A float in [0, 1) with 32 random bits: for jitter, never for keys. */
export function randomUnit(random: Random): number {
  return new DataView(random.bytes(4).buffer).getUint32(0) / 2 ** 32;
}
