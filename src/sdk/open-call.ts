import type { Hex } from '../core/bytes.ts';

/** A transaction that anybody may send, on this chain and no other. */
export interface OpenCall {
  readonly chainId: number;
  readonly to: Hex;
  readonly data: Hex;
}
