import type { Hex } from '../core/bytes.ts';

/** What is to be called, with encoded parameters: see `channel.ts`, `hub.ts` and `dollar.ts`. */
export interface Call {
  readonly to: Hex;
  readonly data: Hex;
}
