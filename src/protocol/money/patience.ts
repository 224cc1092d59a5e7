/** Blocks that must hold a transaction, its own included, where nothing else is said (rule K13). */
export const DEFAULT_CONFIRMATIONS = 2;

/** For a transaction with that many confirmations: a busy chain included. */
const PATIENCE_MS = 120_000;

/** For each confirmation more: no chain that anybody pays on is much slower than Ethereum's 12 s a block. */
const BLOCK_MS = 15_000;

/** How long to wait for a transaction that needs so many confirmations, before it counts as unconfirmed (rule K14); in ms. */
export function patienceFor(confirmations: number): number {
  return PATIENCE_MS + BLOCK_MS * Math.max(0, confirmations - DEFAULT_CONFIRMATIONS);
}
