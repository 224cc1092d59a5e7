import type { Hex } from '../../core/bytes.ts';
import type { JobReceipt } from '../../protocol/money/receipt.ts';
import { idsHash } from '../../protocol/money/statements.ts';
import type { Finish } from '../../protocol/wire/job.ts';
import type { Job } from './job.ts';
import { recordOf } from './lease.ts';

/** A job's receipt: the ordered list of its attempts (rule R4). `finish` is null where it failed or was cancelled. */
export function jobReceipt(job: Job, relay: Hex, finish: Finish | null, endedAt: number): JobReceipt {
  const { order, output } = job;
  return {
    job: job.id,
    relay,
    modelId: order.model.id,
    model: order.model.ref,
    promptHash: job.promptHash,
    promptTokens: order.prompt.length,
    outputHash: idsHash(output.ids),
    outputTokens: output.ids.length,
    finish,
    spec: order.spec,
    seed: order.seed,
    choice: order.choice ?? 0,
    nonce: job.nonce,
    attempts: job.leases.map(recordOf),
    startedAt: job.startedAt,
    endedAt,
  };
}
