import { toHex } from '../../core/bytes.ts';
import { toBase64, vectorOf } from '../../protocol/wire/vectors.ts';
import { type EmbedRun, startEmbedRun } from '../jobs/embed-run.ts';
import type { Payments } from '../payments/payments.ts';
import { jobHeaders } from './answer.ts';
import type { ApiReply, ApiRequest } from './api-request.ts';
import { readAsker } from './asker.ts';
import { type ChatParts, findModel } from './chat-completions.ts';
import { createEmbeddingsOrder, type EmbeddingsOrder } from './embeddings-order.ts';
import { type EmbeddingsRequest, readEmbeddingsRequest } from './embeddings-request.ts';
import type { RequestFacts } from './route.ts';

/**
 * `POST /v1/embeddings` (rule V6). Resolves when the answer was sent, or nobody waits for it any more.
 * @throws CodedError while nothing was written: for a bad request, a payment that is missing or refused, and where no
 * provider brought the vectors
 */
export async function embedInputs(
  request: ApiRequest,
  reply: ApiReply,
  facts: RequestFacts,
  parts: ChatParts,
): Promise<void> {
  const { accepted, catalogue, jobs, payments, random } = parts;
  const asker = await readAsker(request, reply, parts);
  if (!asker) return;
  const { admission, credential, body } = asker;
  const wanted = readEmbeddingsRequest(body);
  const model = findModel(catalogue, wanted.model);
  const order = createEmbeddingsOrder(wanted, model);
  Object.assign(facts, { model: model.id, promptTokens: order.tokens });

  if (admission) {
    const { dimensions, pieces } = order;
    const orders = pieces.map((inputs) => {
      return { ...admission, id: toHex(random.bytes(16)), model, dimensions, inputs };
    });
    const run = startEmbedRun(jobs.embeddings, orders, () => {});
    for (const id of run.jobs) accepted(id, admission.agent);
    return answer({ run, reply, facts, wanted, order, leave: () => run.cancel(), headers: () => ({}) });
  }
  // Nobody is asked to pay for what can't be done.
  if (!credential) jobs.scheduler.checkHope({ needs: [], order });
  const paid = await (payments as Payments).embed(credential, request, body, order);
  for (const id of paid.run.jobs) accepted(id, paid.agent);
  return answer({ ...paid, reply, facts, wanted, order, leave: () => paid.leave() });
}

interface AnswerParts {
  readonly run: EmbedRun;
  readonly reply: ApiReply;
  readonly facts: RequestFacts;
  readonly wanted: EmbeddingsRequest;
  readonly order: EmbeddingsOrder;
  readonly leave: () => void;
  readonly headers: () => Record<string, string>;
}

async function answer({ run, reply, facts, wanted, order, leave, headers }: AnswerParts): Promise<void> {
  facts.job = run.jobs[0] as string;
  const { promise: gone, resolve: goneNow } = Promise.withResolvers<'gone'>();
  reply.onGone(() => goneNow('gone'));
  const vectors = await Promise.race([run.vectors, gone]).finally(() => (facts.leases = run.leases()));
  if (vectors === 'gone') {
    leave();
    facts.outcome = 'cancelled';
    return;
  }
  const body = JSON.stringify(answerBody(vectors, wanted, order));
  reply.send(200, { 'content-type': 'application/json', ...jobHeaders(run.jobs), ...headers() }, body);
  facts.outcome = 'embedded';
}

/** As OpenAI's. `usage` counts every id that the model read, those included that its tokenizer puts around a text. */
function answerBody(vectors: Uint8Array, wanted: EmbeddingsRequest, order: EmbeddingsOrder): object {
  const size = 4 * order.dimensions;
  const data = order.inputs.map((ids, index) => {
    const bytes = vectors.subarray(index * size, (index + 1) * size);
    return {
      object: 'embedding',
      index,
      embedding: wanted.encoding === 'base64' ? toBase64(bytes) : vectorOf(bytes),
      ...(wanted.returnTokenIds ? { token_ids: ids } : {}),
    };
  });
  const usage = { prompt_tokens: order.tokens, total_tokens: order.tokens };
  return { object: 'list', data, model: order.model.id, usage };
}
