import type { ErrorBody } from '../core/errors.ts';

/**
 * How an attempt ended, and what it brought where it finished. Only the first two are told to the relay; the others it
 * knows already, or can't be told.
 */
export type EndOf<Result> =
  | ({ readonly kind: 'finished' } & Result)
  | { readonly kind: 'handback'; readonly error: ErrorBody }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lost'; readonly code: string };
