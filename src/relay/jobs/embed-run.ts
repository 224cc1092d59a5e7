import { concat, type Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { EmbedJob, EmbedOrder } from './embed-job.ts';
import type { EmbedJobs } from './embed-jobs.ts';

/** Jobs of one request that are in line or at providers at once. */
const AT_ONCE = 4;

/** The jobs of one request, as one. */
export interface EmbedRun {
  /** In the order of the inputs. */
  readonly jobs: readonly Hex[];
  /** All vectors, as `vectorBytes` writes them; rejects with what the first job failed with, or `aborted`. */
  readonly vectors: Promise<Uint8Array>;
  /** Leases of all its jobs. */
  leases(): number;
  /** Nobody waits for it any more. */
  cancel(): void;
}

/** A job with its name, before it is opened. */
export type NamedOrder = EmbedOrder & { readonly id: Hex };

/**
 * Opens the jobs of a request, some at a time, and gathers what they bring. Where one fails, the others are cancelled.
 * @param abandon called for each job that is never opened
 * @throws CodedError as `EmbedJobs.open`: nothing was opened then, and nothing abandoned
 */
export function startEmbedRun(
  jobs: EmbedJobs,
  orders: readonly NamedOrder[],
  abandon: (order: NamedOrder) => void,
): EmbedRun {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  // Whoever joins later hears of a failure all the same.
  promise.catch(() => {});
  const parts: Uint8Array[] = [];
  const opened: EmbedJob[] = [];
  let finished = 0;
  let isOver = false;

  function open(order: NamedOrder, at: number): void {
    const job = jobs.open(
      order,
      {
        waiting: () => {},
        finished(vectors) {
          parts[at] = vectors;
          finished++;
          if (finished === orders.length) {
            isOver = true;
            return resolve(concat(...parts));
          }
          openNext();
        },
        failed: (error) => end(error),
      },
      at > 0,
    );
    opened.push(job);
  }

  function openNext(): void {
    const at = opened.length;
    const order = orders[at];
    if (order && !isOver) open(order, at);
  }

  function end(error: CodedError): void {
    if (isOver) return;
    isOver = true;
    for (const job of opened) jobs.cancel(job);
    for (const order of orders.slice(opened.length)) abandon(order);
    reject(error);
  }

  for (let count = 0; count < AT_ONCE; count++) openNext();
  return {
    jobs: orders.map(({ id }) => id),
    vectors: promise,
    leases: () => opened.reduce((sum, { leases }) => sum + leases.length, 0),
    cancel: () => end(new CodedError('aborted', 'The request was cancelled.')),
  };
}
