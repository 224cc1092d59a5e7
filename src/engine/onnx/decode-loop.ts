import { CodedError } from '../../core/errors.ts';
import type { EngineTimings } from '../engine.ts';
import type { Pace, StepKind } from '../pace.ts';
import { Batch } from './batch.ts';
import type { Decoder, Stopwatch } from './decoder.ts';
import { PieceSize } from './piece-size.ts';
import { Seats } from './seats.ts';
import { StepTimes } from './step-times.ts';
import type { Scoring } from './scoring.ts';
import { Stream } from './stream.ts';

export interface LoopOptions {
  readonly decoder: Decoder;
  readonly clock: Stopwatch;
  readonly slots: number;
  /** Prompt tokens per prefill piece, at most. */
  readonly piece: number;
  /** Tokens that are scored at once, at most. */
  readonly scoreRows: number;
}

/**
 * Continuous batching: streams join and leave between two steps. Each turn runs at most one prefill piece, of the
 * prompts in turn, and one decode step of all streams that may decode, so that nobody starves.
 * It sleeps when there is nothing to do; `wake` starts it again.
 */
export class DecodeLoop {
  readonly #decoder: Decoder;
  readonly #clock: Stopwatch;
  readonly #batch: Batch;
  readonly #seats: Seats<Stream | Scoring>;
  readonly #times: StepTimes;
  readonly #piece: PieceSize;
  readonly #scoreRows: number;
  /** Whose prompt had the last piece. */
  #served: Stream | Scoring | undefined;
  #turning: Promise<void> | undefined;
  #failure: CodedError | undefined;
  #tokens = 0;
  #prefilled = 0;
  /** Ends a rest early: what stops shall not wait for it. */
  #endRest: (() => void) | undefined;
  /** Milliseconds in which the loop neither slept nor rested. */
  busyMs = 0;
  /** Asked after each step; until one is set, the loop never rests. */
  pace: Pace | undefined;

  constructor({ decoder, clock, slots, piece, scoreRows }: LoopOptions) {
    this.#scoreRows = scoreRows;
    this.#decoder = decoder;
    this.#clock = clock;
    this.#batch = new Batch(slots);
    this.#seats = new Seats(decoder, slots);
    this.#piece = new PieceSize(piece);
    this.#times = new StepTimes(clock);
  }

  /** Why nothing runs any more. */
  get failure(): CodedError | undefined {
    return this.#failure;
  }

  add(occupant: Stream | Scoring): void {
    this.#seats.add(occupant);
    this.wake();
  }

  wake(): void {
    this.#turning ??= this.#turn();
  }

  timings(): EngineTimings {
    return {
      active: this.#seats.active,
      waiting: this.#seats.waiting,
      worstStepMs: this.#times.worst,
      stepMs: this.#times.mean,
      tokens: this.#tokens,
      prefilled: this.#prefilled,
      reused: this.#seats.reused,
    };
  }

  /** Ends every stream with `error`, now and later; resolves when the step in flight is over. */
  async stop(error: CodedError): Promise<void> {
    this.#failure ??= error;
    this.#endRest?.();
    this.#seats.failAll(error);
    await this.#turning;
  }

  async #turn(): Promise<void> {
    // The caller is `open` or `grant`: what it does next comes first.
    await Promise.resolve();
    const woke = this.#clock.now();
    try {
      for (;;) {
        await this.#seats.settle();
        const decodes = this.#fill();
        const prefilled = await this.#prefill(!decodes);
        const decoded = await this.#decode();
        if (!prefilled && !decoded && !this.#seats.seatable) break;
      }
    } catch (error) {
      const failure =
        error instanceof CodedError
          ? error
          : new CodedError('engine_failed', String(error), undefined, error);
      this.#failure ??= failure;
      this.#seats.failAll(failure);
    } finally {
      this.busyMs += this.#clock.now() - woke;
      this.#turning = undefined;
    }
  }

  /** One piece of the prompt that comes after the last one served. */
  async #prefill(alone: boolean): Promise<boolean> {
    if (!this.#seats.prefilling) return false;
    const prompts = this.#seats.prefills();
    const stream = prompts[(prompts.indexOf(this.#served!) + 1) % prompts.length]!;
    this.#served = stream;
    await this.#seats.catchUp(stream);
    const { tokens, fed, prefillEnd, judgedFrom, judge } = stream;
    const judged = fed >= judgedFrom && judge;
    const most = judged ? Math.min(this.#scoreRows, this.#piece.next(alone)) : this.#piece.next(alone);
    const count = Math.min(most, (fed < judgedFrom ? Math.min(judgedFrom, prefillEnd) : prefillEnd) - fed);
    if (count <= 0) return true;
    const slot = this.#seats.slotOf(stream);
    const began = this.#clock.now();
    if (judged) await this.#decoder.score(slot, tokens, fed, count, judged);
    else await this.#decoder.prefill(slot, tokens, fed, count);
    const ms = this.#clock.now() - began;
    this.#times.add(ms, false);
    this.#piece.add(count, ms);
    this.#prefilled += count;
    stream.fed += count;
    await this.#rest('prefill', count, stream.fed, ms);
    return true;
  }

  async #decode(): Promise<boolean> {
    const batch = this.#batch;
    if (!this.#fill()) return false;
    const began = this.#clock.now();
    await this.#decoder.step(batch);
    const ms = this.#clock.now() - began;
    this.#times.add(ms, true);
    for (let row = 0; row < batch.rows; row++) {
      const stream = this.#seats.at(row);
      if (!batch.draws[row] || !(stream instanceof Stream)) continue;
      stream.take(batch.samples[row]);
      this.#tokens++;
    }
    for (let row = 0; row < batch.rows; row++) {
      const seated = this.#seats.at(row);
      if (seated instanceof Stream) await seated.settling;
    }
    await this.#rest('decode', batch.rows, batch.length, ms);
    return true;
  }

  /** Rests as long as the pace says. What a stream then waits for its next token counts as one long step. */
  async #rest(kind: StepKind, size: number, length: number, ms: number): Promise<void> {
    const rest = this.pace?.afterStep(kind, size, length, ms);
    if (!rest || this.#failure) return;
    const began = this.#clock.now();
    await new Promise<void>((resolve) => {
      this.#endRest = resolve;
      void rest.then(resolve);
    });
    const rested = this.#clock.now() - began;
    this.busyMs -= rested;
    this.#times.add(ms + rested, false);
  }

  /** Puts into the batch whoever may decode; false if nobody may. */
  #fill(): boolean {
    const batch = this.#batch;
    batch.rows = 0;
    for (let row = 0; row < this.#seats.count; row++) {
      const stream = this.#seats.at(row);
      const decodes = stream instanceof Stream && stream.decodable;
      batch.draws[row] = decodes ? stream.draw : undefined;
      if (decodes) batch.rows = row + 1;
      batch.positions[row] = decodes ? stream.fed : 0;
      batch.tokens[row] = decodes ? stream.pending : this.#seats.firstToken(row);
    }
    return batch.rows > 0;
  }
}
