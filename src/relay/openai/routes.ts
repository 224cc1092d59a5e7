import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import type { Figures } from '../network-figures.ts';
import { type ChatParts, completeChat } from './chat-completions.ts';
import { embedInputs } from './embeddings.ts';
import { createHealthRoute, type HealthParts } from './health-route.ts';
import { createMetricsRoute } from './metrics-route.ts';
import { listModel } from './models-list.ts';
import { createReceiptRoute, type ReceiptParts } from './receipt-route.ts';
import type { ApiRequest } from './api-request.ts';
import type { Route } from './route.ts';
import { sendJson } from './send-json.ts';

export interface RoutesParts extends Omit<ChatParts, 'accepted'>, Omit<ReceiptParts, 'agentOf'> {
  readonly clock: Clock;
  readonly figures: Figures;
  readonly health: HealthParts['health'];
}

/** All that the relay answers beside its page. */
export function createRoutes(parts: RoutesParts): readonly Route[] {
  const { access, catalogue, figures, health, owners, payments, registry } = parts;
  const { startedAt } = health;
  /** Whoever may ask for a job may ask for what only its owner gets. */
  const agentOf = (request: ApiRequest): string => {
    const credential = payments?.credentialOf(request);
    return payments && credential ? payments.agentOf(credential) : access(request).agent;
  };
  const chat: ChatParts = { ...parts, accepted: (job, agent) => owners.add(job, agent) };
  return [
    {
      path: '/v1/chat/completions',
      methods: {
        POST: () => (request, reply, facts) => completeChat(request, reply, facts, chat),
        ...(payments
          ? {
              HEAD: () => (request, reply) => payments.manage(payments.credentialOf(request), request, reply),
            }
          : {}),
      },
    },
    {
      path: '/v1/embeddings',
      methods: { POST: () => (request, reply, facts) => embedInputs(request, reply, facts, chat) },
    },
    {
      path: '/v1/models',
      methods: {
        GET: () => (_request, reply) => {
          const data = catalogue.models.flatMap((model) => listModel(model, registry, startedAt) ?? []);
          sendJson(reply, { object: 'list', data });
        },
      },
    },
    {
      path: '/v1/models/:id',
      methods: {
        GET: (id) => (_request, reply) => {
          const model = catalogue.models.find((item) => item.id === id || encodeURIComponent(item.id) === id);
          const listed = model && listModel(model, registry, startedAt);
          if (!listed)
            throw new CodedError('model_not_found', 'No such model is live here.', { param: 'model' });
          sendJson(reply, listed);
        },
      },
    },
    { path: '/v1/receipts/:job', methods: { GET: createReceiptRoute({ ...parts, agentOf }) } },
    ...(payments?.routes ?? []),
    { path: '/v1/network', methods: { GET: () => (_request, reply) => sendJson(reply, figures.read()) } },
    { path: '/metrics', methods: { GET: () => createMetricsRoute(parts) } },
    { path: '/healthz', methods: { GET: () => createHealthRoute(parts) } },
  ];
}
