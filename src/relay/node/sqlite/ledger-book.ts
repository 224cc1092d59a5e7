/** What money a ledger counts. One that has rows is never opened as another. */
export interface LedgerBook {
  /** Pico per base unit of the token (`unitOf`). */
  readonly unit: bigint;
  /** Names chain, token and contracts, in words of the caller's. */
  readonly book: string;
}

/** The book of a relay at which nobody pays: only receipts are kept, and any money may come later. */
export const NO_MONEY: LedgerBook = { unit: 1n, book: 'none' };
