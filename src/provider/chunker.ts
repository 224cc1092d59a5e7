import type { Hex } from '../core/bytes.ts';
import { CHUNK_TOKENS } from '../protocol/constants.ts';
import { encodeLeaf, firstCommitment, nextCommitment } from '../protocol/wire/chunk.ts';
import type { AttemptRef, Assignment, ChunkStatement } from '../protocol/wire/job.ts';
import type { Sample } from '../protocol/wire/sample.ts';
import { earned, type PaidTerms, termsOf } from './earnings.ts';

/** A chunk whose last token was decoded: what is to be signed, and the leaf that it commits to. */
export interface ClosedChunk {
  readonly statement: ChunkStatement;
  readonly leaf: Uint8Array;
}

/**
 * Cuts one attempt's samples into chunks with the running commitment (rules C1 to C3). Pure but for its own state.
 */
export class Chunker {
  readonly #ref: AttemptRef;
  readonly #terms: PaidTerms;
  /** Output position of the next chunk's first token. */
  #position: number;
  #index = 0;
  #count = 0;
  #commitment: Hex;
  #open: Sample[] = [];

  constructor(assignment: Assignment) {
    this.#ref = { job: assignment.job, lease: assignment.lease };
    this.#terms = termsOf(assignment);
    this.#position = assignment.prior.length;
    this.#commitment = firstCommitment(assignment);
  }

  /** How many chunks were closed. */
  get chunks(): number {
    return this.#index;
  }

  /** The commitment after the last closed chunk. */
  get commitment(): Hex {
    return this.#commitment;
  }

  /** Takes one sample; gives the chunk that it completes, if it does. */
  add(sample: Sample): ClosedChunk | undefined {
    this.#open.push(sample);
    return this.#open.length === CHUNK_TOKENS ? this.close() : undefined;
  }

  /** Closes a chunk that is short because the attempt ended; nothing where none is open. */
  close(): ClosedChunk | undefined {
    const count = this.#open.length;
    if (count === 0) return undefined;
    const leaf = encodeLeaf(this.#open);
    this.#commitment = nextCommitment(this.#commitment, leaf);
    this.#count += count;
    const statement: ChunkStatement = {
      ...this.#ref,
      index: this.#index++,
      first: this.#position,
      count,
      commitment: this.#commitment,
      total: earned(this.#terms, { chunks: this.#index, tokens: this.#count, finished: false }),
    };
    this.#position += count;
    this.#open = [];
    return { statement, leaf };
  }
}
