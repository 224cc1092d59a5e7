import type { PayoutTerms } from '../../protocol/wire/earnings.ts';
import type { Provider } from '../providers/provider.ts';

/** The payouts' side of a provider's connection: what it is told of its money, and what it may ask. */
export interface PayoutDesk {
  /** Stands in `welcome`. */
  readonly terms: PayoutTerms;
  /** A provider was welcomed: it gets its latest voucher and its figures, and from now on what changes. */
  join(provider: Provider): void;
  leave(provider: Provider): void;
  /** The owner wants to be paid now; the next `earnings` says what comes of it. */
  request(provider: Provider): void;
}
