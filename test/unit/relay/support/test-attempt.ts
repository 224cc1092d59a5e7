import type { Hex } from '../../../../src/core/bytes.ts';
import { CHUNK_TOKENS } from '../../../../src/protocol/constants.ts';
import { signDigest } from '../../../../src/protocol/money/signature.ts';
import { chunkDigest, idsHash, receiptDigest } from '../../../../src/protocol/money/statements.ts';
import { encodeLeaf, firstCommitment, nextCommitment } from '../../../../src/protocol/wire/chunk.ts';
import { decodeSpecHash } from '../../../../src/protocol/wire/decode-spec.ts';
import type {
  Assignment,
  AttemptReceipt,
  ChunkStatement,
  Finish,
} from '../../../../src/protocol/wire/job.ts';
import type { TokenLogprobs } from '../../../../src/protocol/wire/logprobs.ts';
import type { ProviderMessage } from '../../../../src/protocol/wire/messages.ts';

/** Made up, and the same for the same id: its own, and those of the ids from 97 on. */
export function logprobsOf(id: number, top: number): TokenLogprobs {
  const ranks = Array.from({ length: top }, (_, rank) => rank);
  return [-id / 100, ranks.map((rank) => 97 + rank), ranks.map((rank) => -1 - rank)];
}

/** An honest attempt, told what to say token by token. Signatures and commitments are real. */
export class TestAttempt {
  readonly assignment: Assignment;
  readonly ids: number[] = [];
  readonly leaves: string[] = [];
  readonly #account: Hex;
  readonly #key: Uint8Array;
  readonly #send: (message: ProviderMessage) => void;
  #signed = 0;
  #commitment: Hex;

  constructor(
    assignment: Assignment,
    account: Hex,
    key: Uint8Array,
    send: (message: ProviderMessage) => void,
  ) {
    this.assignment = assignment;
    this.#account = account;
    this.#key = key;
    this.#send = send;
    this.#commitment = firstCommitment(assignment);
  }

  get ref(): { job: Hex; lease: number } {
    return { job: this.assignment.job, lease: this.assignment.lease };
  }

  /** Delivers ids, and signs each chunk that they complete. */
  give(ids: readonly number[]): void {
    this.ids.push(...ids);
    const { topLogprobs } = this.assignment;
    const logprobs =
      topLogprobs === undefined ? {} : { logprobs: ids.map((id) => logprobsOf(id, topLogprobs)) };
    this.#send({ type: 'delta', ...this.ref, ids: [...ids], ...logprobs });
    while (this.ids.length - this.#signed >= CHUNK_TOKENS) this.chunk(CHUNK_TOKENS);
  }

  /** Signs the next `count` ids. */
  chunk(count: number, wrong: Partial<ChunkStatement> = {}, key: Uint8Array = this.#key): void {
    const first = this.assignment.prior.length + this.#signed;
    const samples = this.ids.slice(this.#signed, this.#signed + count).map((id) => ({
      id,
      logprob: -1,
      topIds: [id, 1, 2, 3],
      topLogprobs: [-1, -2, -3, -4],
      projection: Array<number>(8).fill(0.5),
    }));
    const leaf = encodeLeaf(samples);
    this.#commitment = nextCommitment(this.#commitment, leaf);
    const index = this.leaves.length;
    const statement = {
      ...this.ref,
      index,
      first,
      count,
      commitment: this.#commitment,
      total: '0',
      ...wrong,
    };
    this.leaves.push(btoa(String.fromCharCode(...leaf)));
    this.#signed += count;
    this.#send({ type: 'chunk', ...statement, signature: signDigest(chunkDigest(statement), key) });
  }

  /** Signs what is left and gives the result, with the slot back. */
  finish(finish: Finish, wrong: Partial<AttemptReceipt> = {}, grant = 1): void {
    if (this.ids.length > this.#signed) this.chunk(this.ids.length - this.#signed);
    const { job, lease, model, prompt, prior, spec, seed, choice, nonce } = this.assignment;
    const receipt: AttemptReceipt = {
      job,
      lease,
      provider: this.#account,
      model,
      promptHash: idsHash(prompt),
      promptTokens: prompt.length,
      first: prior.length,
      count: this.ids.length,
      outputHash: idsHash(this.ids),
      finish,
      specHash: decodeSpecHash(spec),
      seed,
      choice,
      nonce,
      commitment: this.#commitment,
      engine: 'onnx/test',
      gpuClass: 'test',
      total: '0',
      startedAt: 1,
      endedAt: 2,
      ...wrong,
    };
    const signature = signDigest(receiptDigest(receipt), this.#key);
    this.#send({
      type: 'result',
      ...this.ref,
      finish,
      count: this.ids.length,
      receipt: { ...receipt, signature },
      grant,
    });
  }

  handBack(code: string, grant = 0): void {
    if (this.ids.length > this.#signed) this.chunk(this.ids.length - this.#signed);
    this.#send({ type: 'handback', ...this.ref, code, reason: 'The test says so.', grant });
  }
}
