import type { JobOrder } from '../jobs/job.ts';
import type { Job } from '../jobs/job.ts';

/** What every chunk of an answer, or the whole answer, says of itself. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  /** Changes with the model's files. */
  readonly system_fingerprint: string;
}

export function identityOf({ id, order, startedAt }: Job): AnswerIdentity {
  return {
    id: `chatcmpl-${id.slice(2)}`,
    created: Math.floor(startedAt / 1000),
    model: order.model.id,
    system_fingerprint: `fp_${order.model.ref.manifest.slice(2, 14)}`,
  };
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

/** Accepted ids, those of a stop string included (rule A3). */
export function usageOf({ prompt }: JobOrder, completionTokens: number): Usage {
  const prompts = prompt.length;
  return {
    prompt_tokens: prompts,
    completion_tokens: completionTokens,
    total_tokens: prompts + completionTokens,
  };
}
