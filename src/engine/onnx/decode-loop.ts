import { CodedError } from '../../core/errors.ts';
import type { EngineTimings } from '../engine.ts';
import type { Pace, StepKind } from '../pace.ts';
import { Batch } from './batch.ts';
import type { Decoder, Stopwatch } from './decoder.ts';
import { StepTimes } from './step-times.ts';
import type { Stream } from './stream.ts';

/** A prefill piece should not stall the others for longer than this; where one does, the next ones are halved. */
const PIECE_MS = 250;

/** Below this a piece takes hardly less time: each pass has its price, and attention has a kernel for 32 and more. */
const LEAST_PIECE = 32;

export interface LoopOptions {
  readonly decoder: Decoder;
  readonly clock: Stopwatch;
  readonly slots: number;
  /** Prompt tokens per prefill piece. */
  readonly piece: number;
}

/**
 * Continuous batching: streams join and leave between two steps. Each turn runs at most one prefill piece, of the
 * stream that waits longest, and one decode step of all streams that may decode, so neither starves the other.
 * It sleeps when there is nothing to do; `wake` starts it again.
 */
export class DecodeLoop {
  readonly #decoder: Decoder;
  readonly #clock: Stopwatch;
  readonly #batch: Batch;
  /** The stream in each slot. */
  readonly #slots: (Stream | undefined)[];
  readonly #prefills: Stream[] = [];
  readonly #waiting: Stream[] = [];
  readonly #times: StepTimes;
  #piece: number;
  /** Lengths of pieces that have run. */
  readonly #sizes = new Set<number>();
  /** Ends a rest early: what stops shall not wait for it. */
  readonly #stopped: Promise<void>;
  #stop!: () => void;
  #turning: Promise<void> | undefined;
  #failure: CodedError | undefined;
  tokens = 0;
  /** Milliseconds in which the loop neither slept nor rested. */
  busyMs = 0;
  /** Asked after each step; until one is set, the loop never rests. */
  pace: Pace | undefined;

  constructor({ decoder, clock, slots, piece }: LoopOptions) {
    this.#decoder = decoder;
    this.#clock = clock;
    this.#batch = new Batch(slots);
    this.#slots = Array.from({ length: slots }, () => undefined);
    this.#piece = piece;
    this.#times = new StepTimes(clock);
    this.#stopped = new Promise((resolve) => (this.#stop = resolve));
  }

  /** Why nothing runs any more. */
  get failure(): CodedError | undefined {
    return this.#failure;
  }

  add(stream: Stream): void {
    this.#waiting.push(stream);
    this.wake();
  }

  wake(): void {
    this.#turning ??= this.#turn();
  }

  timings(): EngineTimings {
    const live = (stream: Stream | undefined): boolean => stream !== undefined && !stream.done;
    return {
      active: this.#slots.filter(live).length,
      waiting: this.#waiting.filter(live).length,
      worstStepMs: this.#times.worst,
      stepMs: this.#times.mean,
      tokens: this.tokens,
    };
  }

  /** Ends every stream with `error`, now and later; resolves when the step in flight is over. */
  async stop(error: CodedError): Promise<void> {
    this.#failure ??= error;
    this.#stop();
    for (const stream of [...this.#slots, ...this.#waiting]) stream?.fail(error);
    await this.#turning;
  }

  async #turn(): Promise<void> {
    // The caller is `open` or `grant`: what it does next comes first.
    await Promise.resolve();
    const woke = this.#clock.now();
    try {
      for (;;) {
        this.#seat();
        const prefilled = await this.#prefill();
        const decoded = await this.#decode();
        if (!prefilled && !decoded && !this.#canSeat()) break;
      }
    } catch (error) {
      const failure =
        error instanceof CodedError
          ? error
          : new CodedError('engine_failed', String(error), undefined, error);
      this.#failure ??= failure;
      for (const stream of [...this.#slots, ...this.#waiting]) stream?.fail(failure);
      this.#seat();
    } finally {
      this.busyMs += this.#clock.now() - woke;
      this.#turning = undefined;
    }
  }

  /** Frees the slots of ended streams, then gives the lowest free slots to those that wait. */
  #seat(): void {
    remove(this.#waiting, (stream) => stream.done);
    remove(this.#prefills, (stream) => stream.done);
    for (let slot = 0; slot < this.#slots.length; slot++) {
      if (this.#slots[slot]?.done) this.#slots[slot] = undefined;
      if (this.#slots[slot] || this.#waiting.length === 0) continue;
      const stream = this.#waiting.shift()!;
      this.#slots[slot] = stream;
      if (stream.prefilling) this.#prefills.push(stream);
    }
  }

  #canSeat(): boolean {
    return this.#waiting.length > 0 && this.#slots.some((stream) => stream === undefined || stream.done);
  }

  /** One piece of the oldest unfinished prompt. */
  async #prefill(): Promise<boolean> {
    const stream = this.#prefills.find(({ done }) => !done);
    if (!stream) return false;
    const end = stream.tokens.length - 1;
    const count = Math.min(this.#piece, end - stream.fed);
    const last = stream.fed + count === end;
    const began = this.#clock.now();
    await this.#decoder.prefill(this.#slots.indexOf(stream), stream.tokens, stream.fed, count, last);
    const ms = this.#clock.now() - began;
    this.#times.add(ms, false);
    this.#adaptPiece(count, ms);
    stream.fed += count;
    if (last) remove(this.#prefills, (other) => other === stream);
    await this.#rest('prefill', count, stream.fed, ms);
    return true;
  }

  /** The first piece of a size may have compiled shaders: it says nothing. */
  #adaptPiece(count: number, ms: number): void {
    const known = this.#sizes.has(count);
    this.#sizes.add(count);
    if (known && ms > PIECE_MS && this.#piece > LEAST_PIECE) {
      this.#piece = Math.max(LEAST_PIECE, this.#piece >> 1);
    }
  }

  async #decode(): Promise<boolean> {
    const batch = this.#batch;
    this.#fill(batch);
    if (batch.rows === 0) return false;
    const began = this.#clock.now();
    await this.#decoder.step(batch);
    const ms = this.#clock.now() - began;
    this.#times.add(ms, true);
    for (let row = 0; row < batch.rows; row++) {
      const stream = this.#slots[row];
      if (!batch.draws[row] || !stream || stream.done) continue;
      stream.take(batch.samples[row]);
      this.tokens++;
    }
    await this.#rest('decode', batch.rows, batch.length, ms);
    return true;
  }

  /** Rests as long as the pace says. What a stream then waits for its next token counts as one long step. */
  async #rest(kind: StepKind, size: number, length: number, ms: number): Promise<void> {
    const rest = this.pace?.afterStep(kind, size, length, ms);
    if (!rest) return;
    const began = this.#clock.now();
    await Promise.race([rest, this.#stopped]);
    const rested = this.#clock.now() - began;
    this.busyMs -= rested;
    this.#times.add(ms + rested, false);
  }

  #fill(batch: Batch): void {
    batch.rows = 0;
    for (const [row, stream] of this.#slots.entries()) {
      batch.draws[row] = stream?.decodable ? stream.draw : undefined;
      if (batch.draws[row]) batch.rows = row + 1;
      // A slot that no stream reads may be written at 0; another is written where its stream writes next anyway.
      const idle = !stream || stream.done || (stream.prefilling && this.#decoder.staged);
      batch.positions[row] = idle ? 0 : stream.fed;
      batch.tokens[row] = idle ? 0 : stream.prefilling ? stream.tokens[stream.fed]! : stream.pending;
    }
  }
}

function remove<T>(list: T[], which: (item: T) => boolean): void {
  for (let i = list.length - 1; i >= 0; i--) if (which(list[i]!)) list.splice(i, 1);
}
