import type { Hex } from '../../core/bytes.ts';
import type { Assignment } from '../../protocol/wire/job.ts';
import type { Job } from './job.ts';
import type { Lease } from './lease.ts';

/**
 * What a provider is told: the prompt, and what was accepted so far with the same seed, spec and nonce (rule L3).
 * @param scope of the agent at this provider; undefined where nobody knows whose the job is
 */
export function assignmentOf(
  { id, nonce, order, output }: Job,
  { number, maxTokens, credit, before }: Lease,
  scope: Hex | undefined,
): Assignment {
  const { out, prompt: promptPrice, feeBps } = order.payment.terms;
  return {
    job: id,
    lease: number,
    model: order.model.ref,
    prompt: [...order.prompt],
    prior: [...output.ids],
    spec: order.spec,
    seed: order.seed,
    choice: order.choice ?? 0,
    ...(order.topLogprobs === undefined ? {} : { topLogprobs: order.topLogprobs }),
    ...(scope === undefined ? {} : { scope }),
    nonce,
    maxTokens,
    credit,
    stop: [...order.stop],
    price: { out: String(out), prompt: String(promptPrice) },
    feeBps,
    before,
  };
}
