import type { Hex } from '../core/bytes.ts';
import type { EngineCapabilities } from '../engine/engine.ts';
import { idsHash } from '../protocol/money/statements.ts';
import { decodeSpecHash } from '../protocol/wire/decode-spec.ts';
import type { Assignment, AttemptReceipt, Finish, SignedReceipt } from '../protocol/wire/job.ts';
import { earned, termsOf } from './earnings.ts';
import type { Signer } from './signer.ts';

/** What a finished attempt did. */
export interface AttemptOutcome {
  readonly ids: readonly number[];
  readonly finish: Finish;
  readonly commitment: Hex;
  /** Signed chunks. */
  readonly chunks: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/** The provider's statement about a finished attempt (rule R1). */
export async function signReceipt(
  assignment: Assignment,
  { ids, finish, commitment, chunks, startedAt, endedAt }: AttemptOutcome,
  engine: EngineCapabilities,
  signer: Signer,
): Promise<SignedReceipt> {
  const { job, lease, model, prompt, prior, spec, seed, choice, nonce } = assignment;
  const receipt: AttemptReceipt = {
    job,
    lease,
    provider: signer.account,
    model,
    promptHash: idsHash(prompt),
    promptTokens: prompt.length,
    first: prior.length,
    count: ids.length,
    outputHash: idsHash(ids),
    finish,
    specHash: decodeSpecHash(spec),
    seed,
    choice,
    nonce,
    commitment,
    engine: `${engine.name}/${engine.version}`,
    gpuClass: engine.gpuClass,
    total: earned(termsOf(assignment), { chunks, tokens: ids.length, finished: true }),
    startedAt: Math.floor(startedAt),
    endedAt: Math.floor(endedAt),
  };
  return { ...receipt, signature: await signer.receipt(receipt) };
}
