import type { Clock } from '../../core/clock.ts';
import { abortError, CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { Engine } from '../../engine/engine.ts';
import type { Pace, StepKind } from '../../engine/pace.ts';
import { plainSpec } from '../../protocol/wire/decode-spec.ts';
import { DutyController, type DutyMode } from './duty-controller.ts';
import { LEAST_SHARE, type OwnerLimits } from './owner-limits.ts';

export interface DutyPorts {
  readonly clock: Clock;
  readonly engine: Engine;
  /** Something else uses the GPU: hand back what runs, take nothing. Called between two steps. */
  readonly yields: (reason: ErrorBody) => void;
  readonly resumes: () => void;
  /** So many slots may be filled now. */
  readonly limitSlots: (slots: number) => void;
  /** True while there is another reason not to touch the GPU. */
  readonly rests: () => boolean;
  /** The engine failed during a look. */
  readonly failed: (error: ErrorBody) => void;
}

/** How the tab gets along with its owner, as the page shows it. */
export interface DutyStatus {
  readonly mode: DutyMode;
  /** What it may use of the GPU's time now, 0 to 1. */
  readonly share: number;
  /** It is eased because steps grew longer over minutes. */
  readonly cooling: boolean;
  /** It gives way to what else uses the GPU. */
  readonly watches: boolean;
  /** Since when the mode is what it is, in ms since the epoch. */
  readonly since: number;
}

type DutyLimits = Pick<OwnerLimits, 'share' | 'giveWay'>;

export const YIELDING = 'yielding';

/** Shorter rests are saved up: a timer is not that fine. */
const LEAST_REST_MS = 8;
const MOST_REST_MS = 5_000;
/** A timer that came late has rested in advance, by this much at most. */
const MOST_ADVANCE_MS = 50;
/** A look, or a warm-up, is a stream like any other; it never runs this far. */
const LOOK_TOKENS = 24;
const [WARM_UP_TOKENS, WARM_UP_MS] = [8, 2_000];

/**
 * Keeps the owner's share of the GPU by resting between steps, and gives way to the owner's own work (rules D1 to D4).
 * While it yields, it looks from time to time whether the GPU is free again: a few steps of a stream of its own.
 */
export class Duty implements Pace {
  readonly #ports: DutyPorts;
  readonly #controller: DutyController;
  #cap = 1;
  #watches = true;
  /** Rest that is owed, in ms. */
  #owed = 0;
  #mode: DutyMode = 'full';
  #since: number;
  #undoLook = (): void => {};
  #look: AbortController | undefined;
  #warming = false;
  #stopped = false;

  /** @param controller one that knows this engine's steps already, after a recovery */
  constructor(ports: DutyPorts, limits: DutyLimits, controller = new DutyController()) {
    this.#ports = ports;
    this.#controller = controller;
    this.#since = ports.clock.now();
    ports.engine.setPace(this);
    this.limit(limits);
    if (controller.mode === 'yielding') this.#yield();
  }

  status(): DutyStatus {
    const { mode, cooling } = this.#controller;
    const watches = this.#watches;
    return { mode, share: this.#share, cooling: cooling < 1, since: this.#since, watches };
  }

  /** The owner's limits from now on. */
  limit({ share, giveWay }: DutyLimits): void {
    this.#cap = Math.min(1, Math.max(LEAST_SHARE, share));
    const watched = this.#watches;
    const { software } = this.#ports.engine.capabilities;
    this.#watches = giveWay === 'always' || (giveWay === 'gpu' && !software);
    if (watched && !this.#watches && this.#controller.mode !== 'full') this.forget();
    else this.#tell();
  }

  /** What steps take now is what they take: the owner says that nothing else runs. */
  forget(): void {
    this.#controller.reset();
    this.#endLook();
    this.#tell();
    this.#ports.resumes();
  }

  /** Runs a few steps before the first job, so that what comes later can be compared. @throws what the engine throws */
  async warmUp(signal: AbortSignal): Promise<void> {
    if (!this.#watches) return;
    const enough = new AbortController();
    this.#warming = true;
    const late = new CodedError('aborted', 'The warm-up took long enough.');
    const undo = this.#ports.clock.after(WARM_UP_MS, () => enough.abort(late));
    try {
      await this.#steps(WARM_UP_TOKENS, AbortSignal.any([signal, enough.signal]));
    } catch (error) {
      if (signal.aborted) throw abortError(signal);
      if (!enough.signal.aborted) throw error;
    } finally {
      this.#warming = false;
      undo();
    }
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true;
    this.#endLook();
  }

  afterStep(kind: StepKind, size: number, length: number, ms: number): Promise<void> | undefined {
    if (this.#watches) {
      const change = this.#controller.step(kind, size, length, ms, this.#ports.clock.now());
      if (change !== 'none') this.#follow(change);
    }
    const share = this.#share;
    if (share === 0 || share === 1 || this.#warming) return undefined;
    this.#owed += ms * (1 / share - 1);
    return this.#owed < LEAST_REST_MS ? undefined : this.#rest();
  }

  get #share(): number {
    return this.#cap * this.#controller.level;
  }

  #rest(): Promise<void> {
    const { clock } = this.#ports;
    const ms = Math.min(MOST_REST_MS, this.#owed);
    const began = clock.now();
    this.#controller.rest(ms);
    return new Promise((resolve) => {
      clock.after(ms, () => {
        this.#owed = Math.max(-MOST_ADVANCE_MS, ms - (clock.now() - began));
        resolve();
      });
    });
  }

  #follow(change: 'level' | 'yield' | 'resume' | 'look_again'): void {
    switch (change) {
      case 'yield':
        return this.#yield();
      case 'look_again':
        this.#endLook();
        return this.#lookLater();
      case 'resume':
        this.#endLook();
        this.#tell();
        return this.#ports.resumes();
      default:
        this.#tell();
    }
  }

  #yield(): void {
    this.#owed = 0;
    this.#tell();
    this.#ports.yields({ code: YIELDING, message: 'Something else uses the GPU.' });
    this.#lookLater();
  }

  #tell(): void {
    const { mode } = this.#controller;
    if (mode !== this.#mode) [this.#mode, this.#since] = [mode, this.#ports.clock.now()];
    const { slots } = this.#ports.engine.capabilities;
    this.#ports.limitSlots(Math.max(1, Math.ceil(slots * this.#share)));
  }

  #lookLater(): void {
    this.#undoLook = this.#ports.clock.after(this.#controller.lookMs, () => void this.#lookNow());
  }

  async #lookNow(): Promise<void> {
    if (this.#stopped) return;
    if (this.#ports.rests()) return this.#lookLater();
    const look = new AbortController();
    this.#look = look;
    this.#controller.beginLook();
    try {
      await this.#steps(LOOK_TOKENS, look.signal);
    } catch (error) {
      if (!look.signal.aborted) this.#ports.failed(errorBody(error));
    }
  }

  async #steps(count: number, signal: AbortSignal): Promise<void> {
    const { engine } = this.#ports;
    const spec = plainSpec(0);
    const seed = `0x${'0'.repeat(16)}`;
    const stream = engine.open({ tokens: [0], spec, seed, maxTokens: count, stopIds: [], signal });
    for await (const _ of stream) continue;
  }

  #endLook(): void {
    this.#undoLook();
    this.#look?.abort(new CodedError('aborted', 'The look is over.'));
    this.#look = undefined;
  }
}
