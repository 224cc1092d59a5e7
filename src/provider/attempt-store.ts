import type { Hex } from '../core/bytes.ts';
import type { SignedEmbedReceipt } from '../protocol/wire/embed.ts';
import type { AttemptRef, SignedChunk, SignedReceipt } from '../protocol/wire/job.ts';

/** What a provider keeps of an attempt once it ended: its own proof, and what it may have to open (rule C4). */
export interface StoredAttempt extends AttemptRef {
  readonly account: Hex;
  readonly relay: Hex;
  readonly modelId: string;
  readonly promptTokens: number;
  /** Output position of the attempt's first token, and how many tokens it delivered. */
  readonly first: number;
  readonly count: number;
  readonly chunks: readonly SignedChunk[];
  /** One per chunk. */
  readonly leaves: readonly Uint8Array[];
  /** Null where the attempt was handed back, cancelled or lost. */
  readonly receipt: SignedReceipt | null;
  /** Of a job that made vectors: what was signed. There is nothing else of it then, and `count` is 0. */
  readonly embedding?: SignedEmbedReceipt;
  /** `finished`, or the code of the hand-back, cancel or loss. */
  readonly ended: string;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Where ended attempts are kept: IndexedDB in a tab, memory in tests and the simulation. */
export interface AttemptStore {
  put(attempt: StoredAttempt): Promise<void>;
  /** The leaves of an attempt, or nothing when they are no longer kept. */
  leaves(ref: AttemptRef): Promise<readonly Uint8Array[] | undefined>;
}

export function attemptKey({ job, lease }: AttemptRef): string {
  return `${job}/${lease}`;
}
