import { CodedError } from '../../core/errors.ts';
import type { ProviderMessage } from '../../protocol/wire/messages.ts';
import type { EmbedLeased } from '../jobs/embed-jobs.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { addSlots, attemptKey, type Provider } from './provider.ts';
import type { Registry } from './registry.ts';

type AttemptMessage = Extract<
  ProviderMessage,
  { type: 'delta' | 'chunk' | 'result' | 'embedded' | 'handback' }
>;

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
  const embedded = jobs.embeddings.find(provider, message);
  if (embedded) return takeEmbedMessage(provider, message, embedded, jobs, registry);
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
      countHandBack(provider, message.code, registry);
      jobs.interrupt(leased, message.code, 0);
      break;
    case 'embedded':
      throw new CodedError('message_unexpected', 'This attempt is a stream, and vectors came.');
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

/** The same for an attempt that makes vectors (rule V2). */
function takeEmbedMessage(
  provider: Provider,
  message: AttemptMessage,
  leased: EmbedLeased,
  jobs: Jobs,
  registry: Registry,
): void {
  if (message.type === 'embedded') jobs.embeddings.complete(leased, message);
  else if (message.type === 'handback') {
    countHandBack(provider, message.code, registry);
    jobs.embeddings.interrupt(leased, message.code, 0);
  } else throw new CodedError('message_unexpected', 'This attempt makes vectors, and a stream came.');
  addSlots(provider, message.grant);
  jobs.scheduler.pump();
}

/** Any other hand-back is one that the choice of providers remembers. */
function countHandBack(provider: Provider, code: string, registry: Registry): void {
  if (!NO_MARK.has(code) && provider.models.size > 0) registry.countLoss(provider.account, provider.heardAt);
}

/** Rule W5. The slot that comes with a late end counts: the provider gives each of its slots back once (rule P1). */
function refuse(provider: Provider, message: AttemptMessage, jobs: Jobs): never {
  const { job, lease } = message;
  if (!provider.assigned.has(attemptKey(job, lease))) {
    const text = 'The attempt was never assigned to this connection.';
    throw new CodedError('attempt_not_yours', text, { job, lease });
  }
  if (message.type === 'result' || message.type === 'embedded' || message.type === 'handback') {
    addSlots(provider, message.grant);
    jobs.scheduler.pump();
  }
  throw new CodedError('attempt_unknown', 'The attempt has ended.', { job, lease });
}
