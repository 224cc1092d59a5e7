import { CodedError } from '../../core/errors.ts';
import type { ProviderMessage } from '../../protocol/wire/messages.ts';
import type { Jobs, Leased } from '../jobs/jobs.ts';
import { addSlots, attemptKey, type Provider } from './provider.ts';
import type { Registry } from './registry.ts';

type AttemptMessage = Extract<ProviderMessage, { type: 'delta' | 'chunk' | 'result' | 'handback' }>;

/**
 * Takes a message about an attempt (rules C1 to C6, W5).
 * @throws CodedError `attempt_unknown` where it crossed the attempt's end: ignored otherwise. Any other code closes
 * the connection: `attempt_not_yours`, and those of `Jobs`.
 */
export function takeAttemptMessage(
  provider: Provider,
  message: AttemptMessage,
  jobs: Jobs,
  registry: Registry,
): void {
  const leased = jobs.find(provider, message);
  if (!leased) return refuse(provider, message, jobs);
  switch (message.type) {
    case 'delta':
      return jobs.deliver(leased, message.ids, message.logprobs);
    case 'chunk': {
      const { type: _, ...chunk } = message;
      return jobs.sign(leased, chunk);
    }
    case 'result':
      jobs.complete(leased, message);
      break;
    case 'handback':
      handBack(provider, message.code, leased, jobs, registry);
      break;
  }
  addSlots(provider, message.grant);
  jobs.scheduler.pump();
}

/** What happens to an honest tab: its owner wants the GPU, or the GPU fails (rules P2, D6). */
const NO_MARK: ReadonlySet<string> = new Set([
  'paused',
  'prompt_too_long',
  'context_exceeded',
  'device_lost',
  'engine_closed',
  'engine_failed',
  'out_of_memory',
  'output_not_finite',
]);

/** Any other hand-back is one that the choice of providers remembers. */
function handBack(provider: Provider, code: string, leased: Leased, jobs: Jobs, registry: Registry): void {
  if (!NO_MARK.has(code) && provider.models.size > 0) registry.countLoss(provider.account, provider.heardAt);
  jobs.interrupt(leased, code, 0);
}

/** Rule W5. The slot that comes with a late end counts: the provider gives each of its slots back once (rule P1). */
function refuse(provider: Provider, message: AttemptMessage, jobs: Jobs): never {
  const { job, lease } = message;
  if (!provider.assigned.has(attemptKey(job, lease))) {
    const text = 'The attempt was never assigned to this connection.';
    throw new CodedError('attempt_not_yours', text, { job, lease });
  }
  if (message.type === 'result' || message.type === 'handback') {
    addSlots(provider, message.grant);
    jobs.scheduler.pump();
  }
  throw new CodedError('attempt_unknown', 'The attempt has ended.', { job, lease });
}
