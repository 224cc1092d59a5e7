import { CodedError } from '../../core/errors.ts';
import { jobIdSchema } from '../../protocol/wire/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Openings } from '../providers/openings.ts';
import type { Registry } from '../providers/registry.ts';
import type { JobOwners } from '../receipts/job-owners.ts';
import { openAttempts } from '../receipts/opened-attempts.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { ApiRequest } from './api-request.ts';
import type { Handler } from './route.ts';
import { sendJson } from './send-json.ts';

export interface ReceiptParts {
  /** Who asks. @throws CodedError `payment_required` */
  readonly agentOf: (request: ApiRequest) => string;
  readonly jobs: Jobs;
  readonly openings: Openings;
  readonly owners: JobOwners;
  readonly registry: Registry;
  readonly store: ReceiptStore;
}

/**
 * `GET /v1/receipts/:job`: the job's receipt; with `?openings=1` also the leaves of its attempts, for its owner.
 * Errors: `receipt_not_found`, `receipt_pending`, `openings_not_yours`, `payment_required`.
 */
export function createReceiptRoute({
  agentOf,
  jobs,
  openings,
  owners,
  registry,
  store,
}: ReceiptParts): (job: string) => Handler {
  return (name) => async (request, reply) => {
    const job = jobIdSchema.safeParse(name);
    if (job.success && (jobs.live.has(job.data) || jobs.embeddings.live.has(job.data))) {
      throw new CodedError('receipt_pending', 'This job is still running: its receipt comes with its end.', {
        param: 'job',
      });
    }
    const receipt = job.success ? await store.get(job.data) : undefined;
    if (!receipt)
      throw new CodedError('receipt_not_found', 'There is no receipt of such a job here.', { param: 'job' });
    if (request.query.get('openings') !== '1') return sendJson(reply, receipt);
    if (!owners.isOwner(receipt.job, agentOf(request))) {
      throw new CodedError(
        'openings_not_yours',
        'Leaves hold the answer: they are opened only for whoever asked for it, by the same Authorization header.',
      );
    }
    // Vectors have no leaves.
    const opened = 'kind' in receipt ? [] : await openAttempts(receipt, registry, openings);
    return sendJson(reply, { ...receipt, openings: opened });
  };
}
