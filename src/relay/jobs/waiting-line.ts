import { CodedError } from '../../core/errors.ts';
import type { Placeable } from './placeable.ts';

interface Place<J> {
  readonly job: J;
  /** Smaller goes first; ties go by arrival. */
  readonly tag: number;
}

/**
 * The jobs that wait for one model, fair between agents: each agent's jobs go in the order of their arrival, and the
 * agents take turns however many jobs each of them has (start-time fair queueing: a job's tag is one turn after its
 * agent's last, but never in the past). Jobs that lost their provider go first: somebody is already reading them.
 */
export class WaitingLine<J extends Placeable> implements Iterable<J> {
  #places: Place<J>[] = [];
  /** Each agent's last tag, kept while it lies in the future. */
  readonly #lastTags = new Map<string, number>();
  /** The tag of the job that left the line last. */
  #turn = 0;

  get size(): number {
    return this.#places.length;
  }

  get first(): J | undefined {
    return this.#places[0]?.job;
  }

  sizeOf(agent: string): number {
    return this.#places.reduce((sum, { job }) => sum + Number(job.order.agent === agent), 0);
  }

  /** @throws CodedError `queue_full`, `agent_queue_full`: nothing is added then. */
  checkRoom(agent: string, length: number, perAgent: number): void {
    if (this.size >= length) {
      throw new CodedError('queue_full', 'Too many requests wait for this model: try again later.', {
        waiting: this.size,
      });
    }
    const own = this.size < perAgent ? 0 : this.sizeOf(agent);
    if (own >= perAgent) {
      throw new CodedError(
        'agent_queue_full',
        `You have ${own} requests waiting for this model, which is the limit.`,
        { waiting: own },
      );
    }
  }

  add(job: J): void {
    const { agent } = job.order;
    const moved = job.leases.length > 0;
    const tag = moved
      ? Number.NEGATIVE_INFINITY
      : Math.max(this.#turn, (this.#lastTags.get(agent) ?? -1) + 1);
    if (!moved) this.#lastTags.set(agent, tag);
    const behind = this.#places.findIndex((place) => place.tag > tag);
    this.#places.splice(behind < 0 ? this.#places.length : behind, 0, { job, tag });
  }

  /** Takes a job out: because its turn came (`served`), or because it gave up. */
  remove(job: J, served: boolean): void {
    const at = this.#places.findIndex((place) => place.job === job);
    const [place] = at < 0 ? [] : this.#places.splice(at, 1);
    if (!place || !served) return;
    this.#turn = Math.max(this.#turn, place.tag);
    for (const [agent, tag] of this.#lastTags) if (tag < this.#turn) this.#lastTags.delete(agent);
  }

  /** As the line stands now: who walks along it may take jobs out. */
  [Symbol.iterator](): Iterator<J, void, void> {
    return this.#places.map(({ job }) => job)[Symbol.iterator]();
  }
}
