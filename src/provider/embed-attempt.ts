import type { Clock } from '../core/clock.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { Embedder } from '../engine/embedder.ts';
import { inputsHash, vectorsHash } from '../protocol/money/embed-statement.ts';
import type { EmbedAssignment, EmbedReceipt, SignedEmbedReceipt } from '../protocol/wire/embed.ts';
import { toBase64, vectorBytes } from '../protocol/wire/vectors.ts';
import type { EndOf } from './attempt-end.ts';
import { earned } from './earnings.ts';
import type { Signer } from './signer.ts';

export type EmbedEnd = EndOf<{ readonly vectors: string; readonly receipt: SignedEmbedReceipt }>;

export interface EmbedAttemptPorts {
  readonly embedder: Embedder;
  readonly signer: Signer;
  readonly clock: Clock;
}

/** One lease of an embedding job: inputs in, all vectors and one signed receipt out (rule V2). */
export class EmbedAttempt {
  readonly assignment: EmbedAssignment;
  readonly tokens: number;
  readonly #ports: EmbedAttemptPorts;
  readonly #startedAt: number;
  readonly #abort = new AbortController();
  readonly #stopped: Promise<EmbedEnd>;
  #resolveStopped!: (end: EmbedEnd) => void;

  constructor(assignment: EmbedAssignment, ports: EmbedAttemptPorts) {
    this.assignment = assignment;
    this.tokens = assignment.inputs.reduce((sum, { length }) => sum + length, 0);
    this.#ports = ports;
    this.#startedAt = ports.clock.now();
    this.#stopped = new Promise((resolve) => (this.#resolveStopped = resolve));
  }

  /** Ends the attempt at once, whatever the GPU is doing; `run` then resolves with `end`. The first call counts. */
  stop(end: EmbedEnd): void {
    this.#resolveStopped(end);
    this.#abort.abort(new CodedError('aborted', 'The attempt ended.'));
  }

  /** Never rejects. */
  run(): Promise<EmbedEnd> {
    const done = this.#embed().catch((error: unknown): EmbedEnd => ({
      kind: 'handback',
      error: errorBody(error),
    }));
    return Promise.race([this.#stopped, done]);
  }

  async #embed(): Promise<EmbedEnd> {
    const { embedder, signer } = this.#ports;
    const { inputs, dimensions } = this.assignment;
    const vectors = vectorBytes(await embedder.embed({ inputs, dimensions, signal: this.#abort.signal }));
    const receipt = this.#receipt(vectors);
    const signature = await signer.embedding(receipt);
    return { kind: 'finished', vectors: toBase64(vectors), receipt: { ...receipt, signature } };
  }

  #receipt(vectors: Uint8Array): EmbedReceipt {
    const { job, lease, model, inputs, dimensions, nonce, price, feeBps } = this.assignment;
    const { embedder, signer, clock } = this.#ports;
    const { name, version, gpuClass } = embedder.capabilities;
    const terms = { price, feeBps, before: { chunks: 0, tokens: 0 }, promptTokens: this.tokens };
    return {
      job,
      lease,
      provider: signer.account,
      model,
      inputsHash: inputsHash(inputs),
      inputs: inputs.length,
      tokens: this.tokens,
      dimensions,
      vectorsHash: vectorsHash(vectors),
      nonce,
      engine: `${name}/${version}`,
      gpuClass,
      total: earned(terms, { chunks: 0, tokens: 0, finished: true }),
      startedAt: Math.floor(this.#startedAt),
      endedAt: Math.floor(clock.now()),
    };
  }
}
