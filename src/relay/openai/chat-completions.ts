import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { Catalogue, RelayModel } from '../catalogue.ts';
import type { Job } from '../jobs/job.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { needsOf } from '../jobs/needs.ts';
import type { Limits } from '../limits.ts';
import type { Payments } from '../payments/payments.ts';
import type { Answer, PaidAnswer } from './answer.ts';
import type { ApiReply, ApiRequest } from './api-request.ts';
import { type AskerParts, readAsker } from './asker.ts';
import { type ChatRequest, readChatRequest } from './chat-request.ts';
import { createJobOrder } from './job-order.ts';
import type { RequestFacts } from './route.ts';
import { createStreamedAnswer } from './streamed-answer.ts';
import { createWholeAnswer } from './whole-answer.ts';

export interface ChatParts extends AskerParts {
  readonly catalogue: Catalogue;
  readonly jobs: Jobs;
  readonly limits: Limits;
  readonly random: Random;
  /** Remembers whose job it is. */
  readonly accepted: (job: Hex, agent: string) => void;
}

/**
 * `POST /v1/chat/completions`. Resolves when the answer has ended.
 * @throws CodedError while nothing was written: for a bad request, a payment that is missing or refused, or where no
 * place in line was left
 */
export async function completeChat(
  request: ApiRequest,
  reply: ApiReply,
  facts: RequestFacts,
  parts: ChatParts,
): Promise<void> {
  const { catalogue, jobs, payments, random } = parts;
  const asker = await readAsker(request, reply, parts);
  if (!asker) return;
  const { admission, credential, body } = asker;
  const chat = readChatRequest(body);
  const model = findModel(catalogue, chat.model);
  if (model.embedding) {
    const message = `The model '${model.id}' makes vectors and writes nothing: use POST /v1/embeddings.`;
    throw new CodedError('model_not_supported', message, { param: 'model' });
  }
  const asked = createJobOrder(chat, model, random);
  const order =
    chat.maxTokens === undefined
      ? { ...asked, maxTokens: longestAnswerOf(parts, asked, admission?.only) }
      : asked;
  Object.assign(facts, { model: model.id, promptTokens: order.prompt.length });

  if (admission) {
    const taken: Job[] = [];
    const answer = answerFor(chat, reply, parts.limits, () => taken.forEach((job) => jobs.cancel(job)));
    const orders = answer.sinks.map((_, choice) => ({ ...order, ...admission, choice }));
    taken.push(...jobs.openAll(orders, answer.sinks));
    for (const { id } of taken) parts.accepted(id, admission.agent);
    return follow(answer, taken, facts);
  }
  // Nobody is asked to pay for what can't be done.
  if (!credential) jobs.scheduler.checkHope({ needs: needsOf(order), order });
  const paid = await (payments as Payments).run(credential, request, { body, order, choices: chat.choices });
  const { agent, answering } = paid;
  const answer = answerFor(chat, reply, parts.limits, () => paid.leave(answer.sinks), answering);
  for (const { id } of paid.jobs) parts.accepted(id, agent);
  const followed = follow(answer, paid.jobs, facts);
  paid.join(answer.sinks);
  return followed;
}

/** Who says no limit is served also where every tab holds less than the model: as far as the longest of them goes. */
function longestAnswerOf(
  { jobs }: ChatParts,
  order: ReturnType<typeof createJobOrder>,
  only: Hex | undefined,
): number {
  const wanted = { needs: needsOf(order), order: only === undefined ? order : { ...order, only } };
  const most = jobs.scheduler.longestStream(wanted) ?? Number.POSITIVE_INFINITY;
  return Math.max(1, Math.min(order.maxTokens, most - order.prompt.length));
}

/** @throws CodedError `model_not_found` */
export function findModel(catalogue: Catalogue, id: string): RelayModel {
  const model = catalogue.byId(id);
  if (model) return model;
  throw new CodedError(
    'model_not_found',
    `The model '${id.slice(0, 128)}' does not exist here: GET /v1/models lists those that do.`,
    { param: 'model' },
  );
}

function answerFor(
  chat: ChatRequest,
  reply: ApiReply,
  { answerBuffer }: Limits,
  cancel: () => void,
  paid?: PaidAnswer,
): Answer {
  const options = { reply, chat, cancel, ...(paid ? { paid } : {}) };
  return chat.stream
    ? createStreamedAnswer({ ...options, bufferBytes: answerBuffer })
    : createWholeAnswer(options);
}

async function follow(answer: Answer, jobs: readonly Job[], facts: RequestFacts): Promise<void> {
  facts.job = jobs[0]?.id as Hex;
  if (jobs.length > 1) facts.choices = jobs.length;
  answer.begin(jobs);
  facts.outcome = await answer.ended;
  facts.outputTokens = jobs.reduce((sum, { output }) => sum + output.ids.length, 0);
  facts.leases = jobs.reduce((sum, { leases }) => sum + leases.length, 0);
}
