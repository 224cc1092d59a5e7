import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Access } from '../access/access.ts';
import type { Catalogue } from '../catalogue.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Limits } from '../limits.ts';
import type { ApiReply, ApiRequest } from './api-request.ts';
import { readChatRequest } from './chat-request.ts';
import { createJobOrder } from './job-order.ts';
import type { RequestFacts } from './route.ts';
import { createStreamedAnswer } from './streamed-answer.ts';
import { createWholeAnswer } from './whole-answer.ts';

export interface ChatParts {
  readonly access: Access;
  readonly catalogue: Catalogue;
  readonly jobs: Jobs;
  readonly limits: Limits;
  readonly random: Random;
  /** Remembers whose job it is. */
  readonly accepted: (job: Hex, agent: string) => void;
}

/**
 * `POST /v1/chat/completions`. Resolves when the answer has ended.
 * @throws CodedError while nothing was written: for a bad request, or where no place in line was left
 */
export async function completeChat(
  request: ApiRequest,
  reply: ApiReply,
  facts: RequestFacts,
  { access, accepted, catalogue, jobs, limits, random }: ChatParts,
): Promise<void> {
  const admission = access(request);
  const chat = readChatRequest(await request.body());
  const model = catalogue.byId(chat.model);
  if (!model) {
    throw new CodedError(
      'model_not_found',
      `The model '${chat.model.slice(0, 128)}' does not exist here: GET /v1/models lists those that do.`,
      { param: 'model' },
    );
  }
  const order = createJobOrder(chat, model, admission, random);
  const cancel = (job: Job): void => jobs.cancel(job);
  const answer = chat.stream
    ? createStreamedAnswer({ reply, chat, cancel, bufferBytes: limits.answerBuffer })
    : createWholeAnswer({ reply, chat, cancel });
  const job = jobs.open(order, answer.sink);
  accepted(job.id, admission.agent);
  Object.assign(facts, { job: job.id, model: model.id, promptTokens: order.prompt.length });
  answer.begin(job);
  facts.outcome = await answer.ended;
  facts.outputTokens = job.output.ids.length;
  facts.leases = job.leases.length;
}
