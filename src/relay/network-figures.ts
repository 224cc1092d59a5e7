import type { Catalogue } from './catalogue.ts';
import type { Jobs } from './jobs/jobs.ts';
import { type ListedModel, listModel } from './openai/models-list.ts';
import type { Registry } from './providers/registry.ts';
import type { Move, RelayEvent } from './relay-events.ts';

/** How many moves the ring keeps. */
const RECENT_MOVES = 50;

/** What anybody may know of a relay: `GET /v1/network`. Counts since its start; times in ms. */
export interface NetworkFigures {
  readonly version: string;
  readonly startedAt: number;
  readonly providers: {
    readonly connected: number;
    /** By GPU class and backend; `software` is an adapter that is none. */
    readonly classes: readonly {
      class: string;
      backend: string;
      software: boolean;
      providers: number;
      slots: number;
    }[];
  };
  readonly models: readonly ListedModel[];
  readonly jobs: {
    readonly running: number;
    readonly waiting: number;
    readonly finished: number;
    readonly failed: number;
    readonly cancelled: number;
  };
  /** Output tokens accepted. */
  readonly tokens: number;
  /** Vectors that were asked for and given. */
  readonly vectors: number;
  readonly moves: { readonly total: number; readonly recent: readonly Move[] };
}

export interface FiguresParts {
  readonly version: string;
  readonly startedAt: number;
  readonly registry: Registry;
  readonly catalogue: Catalogue;
  readonly jobs: Jobs;
}

export interface Figures {
  count(event: RelayEvent): void;
  read(): NetworkFigures;
}

export function createFigures({ catalogue, jobs, registry, startedAt, version }: FiguresParts): Figures {
  const counts = { finished: 0, failed: 0, cancelled: 0, tokens: 0, moves: 0, vectors: 0 };
  const recent: Move[] = [];
  return {
    count(event) {
      switch (event.type) {
        case 'jobMoved': {
          const { type: _, ...move } = event;
          counts.moves++;
          recent.push(move);
          if (recent.length > RECENT_MOVES) recent.shift();
          return;
        }
        case 'embedFinished':
          counts.finished++;
          counts.vectors += event.inputs;
          return;
        case 'jobFinished':
          counts.finished++;
          counts.tokens += event.tokens;
          return;
        case 'jobFailed':
          counts.failed++;
          counts.tokens += event.tokens;
          return;
        case 'jobCancelled':
          counts.cancelled++;
          counts.tokens += event.tokens;
          return;
        default:
      }
    },
    read() {
      const streams = [...jobs.live.values()];
      const live = [...streams, ...jobs.embeddings.live.values()];
      const { finished, failed, cancelled } = counts;
      const waiting = live.filter(({ state }) => state === 'waiting').length;
      return {
        version,
        startedAt,
        providers: { connected: registry.size, classes: classesOf(registry) },
        models: catalogue.models.flatMap((model) => listModel(model, registry, startedAt) ?? []),
        jobs: { running: live.length - waiting, waiting, finished, failed, cancelled },
        tokens: streams.reduce((sum, { output }) => sum + output.ids.length, counts.tokens),
        vectors: counts.vectors,
        moves: { total: counts.moves, recent: [...recent] },
      };
    },
  };
}

function classesOf(registry: Registry): NetworkFigures['providers']['classes'] {
  const classes = new Map<string, NetworkFigures['providers']['classes'][number]>();
  for (const { gpu, free, busy } of registry.providers) {
    const key = `${gpu.class} ${gpu.backend}`;
    const { backend, software } = gpu;
    const found = classes.get(key) ?? { class: gpu.class, backend, software, providers: 0, slots: 0 };
    classes.set(key, { ...found, providers: found.providers + 1, slots: found.slots + free + busy });
  }
  return [...classes.values()];
}
