import { type DutyChange, DutyController } from '../../../../src/provider/duty/duty-controller.ts';
import type { SimRandom } from '../../../../src/sim/sim-random.ts';

export interface Trace {
  readonly random: SimRandom;
  /** A step of one row while the GPU is ours alone, in ms. */
  readonly stepMs?: number;
  /** Standard deviation of the logarithm of a step. */
  readonly noise?: number;
  /** How often a step is hit by something that has nothing to do with the GPU, and takes 3 to 8 times as long. */
  readonly hiccups?: number;
  /** How many times longer steps take at a time, in ms since the start. */
  readonly load?: (at: number) => number;
  /** Streams that decode at a time; 4 unless given. */
  readonly rows?: (at: number) => number;
  /** Every so many steps a prompt's piece comes between. */
  readonly prefillEvery?: number;
}

export interface TraceEvent {
  readonly at: number;
  /** Steps since the start. */
  readonly step: number;
  readonly change: DutyChange;
  readonly level: number;
}

const PIECE = 256;

/** Drives the controller as the engine and the duty do, with looks while it yields; time is made up. */
export class TraceRun {
  readonly controller = new DutyController();
  readonly events: TraceEvent[] = [];
  at = 0;
  steps = 0;
  readonly #trace: Trace;
  #lookAt = Number.POSITIVE_INFINITY;

  constructor(trace: Trace) {
    this.#trace = trace;
  }

  get yields(): readonly TraceEvent[] {
    return this.events.filter(({ change }) => change === 'yield');
  }

  get resumes(): readonly TraceEvent[] {
    return this.events.filter(({ change }) => change === 'resume');
  }

  /** The first event from a time on that lowers what we use. */
  reaction(from: number): TraceEvent | undefined {
    return this.events.find(({ at, change }) => at >= from && (change === 'yield' || change === 'level'));
  }

  /** Runs until `end`, in ms since the start. */
  run(end: number): this {
    while (this.at < end) this.#turn();
    return this;
  }

  #turn(): void {
    const { controller } = this;
    const { rows = () => 4, prefillEvery = 0 } = this.#trace;
    if (controller.mode === 'yielding') {
      this.at = Math.max(this.at, this.#lookAt);
      controller.beginLook();
      while (this.#step('decode', 1) === 'none') continue;
      this.#lookAt = this.at + controller.lookMs;
      return;
    }
    if (prefillEvery > 0 && this.steps % prefillEvery === 0) this.#step('prefill', PIECE);
    if (controller.level > 0) this.#step('decode', rows(this.at));
    this.#lookAt = this.at + controller.lookMs;
  }

  #step(kind: 'decode' | 'prefill', size: number): DutyChange {
    const { random, stepMs = 20, noise = 0.1, hiccups = 0, load = () => 1 } = this.#trace;
    const cost = kind === 'prefill' ? 6 * stepMs : stepMs * (1 + 0.15 * (size - 1));
    const hiccup = random.unit() < hiccups ? 3 + 5 * random.unit() : 1;
    const ms = cost * Math.exp(noise * normal(random)) * hiccup * load(this.at);
    this.at += ms;
    this.steps++;
    const length = 64 + (this.steps % 400);
    const change = this.controller.step(kind, size, length, ms, this.at);
    const rest = ms * (1 / (this.controller.level || 1) - 1);
    this.controller.rest(rest);
    if (change !== 'none') {
      this.events.push({ at: this.at, step: this.steps, change, level: this.controller.level });
    }
    this.at += rest;
    return change;
  }
}

function normal(random: SimRandom): number {
  return Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
}
