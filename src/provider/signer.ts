import type { Hex } from '../core/bytes.ts';
import type { EmbedReceipt } from '../protocol/wire/embed.ts';
import type { AttemptReceipt, ChunkStatement } from '../protocol/wire/job.ts';

/** What a relay's challenge asks to be signed (rule W2). */
export interface Challenge {
  readonly relay: Hex;
  readonly nonce: Hex;
}

/**
 * Signs the four statements that a provider makes, and nothing else: there is no way to hand it a digest. The key
 * behind it lives in another worker, so every call is asynchronous.
 *
 * Errors: `statement_refused` (not of the allow-list, or about another account), `signer_gone`.
 */
export interface Signer {
  readonly account: Hex;
  hello(challenge: Challenge): Promise<Hex>;
  chunk(statement: ChunkStatement): Promise<Hex>;
  receipt(receipt: AttemptReceipt): Promise<Hex>;
  embedding(receipt: EmbedReceipt): Promise<Hex>;
}
