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

/**
 * What is paid for (rule A3): accepted ids, those of a stop string included, and the prompt once for each choice.
 * @param outputTokens of all choices
 */
export function usageOf({ prompt }: JobOrder, choices: number, outputTokens: number): Usage {
  const prompts = prompt.length * choices;
  return {
    prompt_tokens: prompts,
    completion_tokens: outputTokens,
    total_tokens: prompts + outputTokens,
  };
}
