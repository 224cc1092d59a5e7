import type { ApiReply } from './api-request.ts';

/** Answers with a value as it is now: live figures, so nothing may keep them. */
export function sendJson(reply: ApiReply, value: unknown, status = 200): void {
  reply.send(
    status,
    { 'content-type': 'application/json', 'cache-control': 'no-store' },
    JSON.stringify(value),
  );
}
