import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Registry } from '../providers/registry.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import type { Handler } from './route.ts';
import { sendJson } from './send-json.ts';

export interface HealthParts {
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly registry: Registry;
  readonly store: ReceiptStore;
  readonly health: {
    readonly version: string;
    readonly startedAt: number;
    /** False where no native binary fits this machine: signatures then cost some thirty times as much. */
    readonly nativeSignatures: boolean;
  };
}

/** `GET /healthz`: 200, or 503 where the store does not answer. */
export function createHealthRoute({ clock, health, jobs, registry, store }: HealthParts): Handler {
  return async (_request, reply) => {
    const state = await probe(store);
    const { version, startedAt, nativeSignatures } = health;
    const body = {
      status: state === 'ok' ? 'ok' : 'failing',
      version,
      uptimeSeconds: Math.floor((clock.now() - startedAt) / 1000),
      providers: registry.size,
      jobs: jobs.live.size,
      store: state,
      nativeSignatures,
    };
    sendJson(reply, body, state === 'ok' ? 200 : 503);
  };
}

/** @returns `ok`, or the code of what is wrong */
async function probe(store: ReceiptStore): Promise<string> {
  try {
    await store.list({ limit: 1 });
    return 'ok';
  } catch (error) {
    return errorBody(error).code;
  }
}
