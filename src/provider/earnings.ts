import type { Price } from '../protocol/wire/job.ts';

/** What an attempt has earned after `count` output tokens, in pico as a decimal string. The prompt's fee joins with payments. */
export function earned(price: Price, count: number): string {
  return String(BigInt(price.out) * BigInt(count));
}
