import type { StepKind } from '../../engine/pace.ts';
import { StepBaseline, type Verdict } from './step-baseline.ts';

/** Two slow steps in a row are no accident. So are four of the last eight: a game hits every other step. */
const RUN = 2;
const [WINDOW, CROWD] = [8, 4];
/** Below this share of what the owner allows there is no easing any more: the tab yields. */
const LEAST_LEVEL = 0.25;
/** The level doubles after so many sound steps and so long. */
const [GROW_STEPS, GROW_MS] = [16, 4_000];
/** Waits between two looks at a GPU that was yielded, in ms. */
const [FIRST_LOOK_MS, MOST_LOOK_MS] = [2_000, 30_000];
/** A yield so soon after the last one waits longer than that did. */
const SOON_MS = 120_000;
/** Steps of a look that must be sound in a row, and after how many the look is over anyway. */
const [LOOK_SOUND, LOOK_STEPS] = [3, 16];
/** A GPU that wakes up gets faster from step to step, by this at least. */
const AWAKENING = 0.85;
/** After a gap like this a GPU may have lowered its clocks: its first step says nothing. */
const GAP_MS = 750;
/** From this drift on the GPU is spared in proportion: it is hot, or something has used it for long. */
const [DRIFT, NO_DRIFT] = [1.6, 1.4];
/** Weight of a step in the drift, and by how much the sparing changes at least. */
const [DRIFT_RATE, COOLING_STEP] = [1 / 64, 0.1];

/** `eased`: works less, because steps are slower than they were. `yielding`: does not work, and looks now and then. */
export type DutyMode = 'full' | 'eased' | 'yielding';

/** What a step made of the controller: `yield` and `resume` are for whoever hands jobs back and takes them. */
export type DutyChange = 'none' | 'level' | 'yield' | 'resume' | 'look_again';

/**
 * Watches the steps of an engine and says how much of the GPU it may use (rules D1 to D3). Pure: time comes with each
 * step, in ms of any one clock.
 */
export class DutyController {
  readonly baseline: StepBaseline;
  /** Of what the owner allows: 1, or less while something slows the steps. 0 while yielding. */
  #level = 1;
  #run = 0;
  /** A step of the run was very slow: the owner wants the GPU whole. */
  #hard = false;
  /** Of the run's last step: a sound one of another kind says nothing about it. */
  #kind: StepKind = 'decode';
  /** Verdicts of the last steps, one bit each. */
  #recent = 0;
  #sound = 0;
  #drift = 1;
  #cooling = 1;
  #changedAt = Number.NEGATIVE_INFINITY;
  #yieldedAt = Number.NEGATIVE_INFINITY;
  #lookMs = FIRST_LOOK_MS;
  #looked = 0;
  #lastMs = 0;
  #idleFrom = Number.NEGATIVE_INFINITY;

  constructor(baseline = new StepBaseline()) {
    this.baseline = baseline;
  }

  get mode(): DutyMode {
    if (this.#level === 0) return 'yielding';
    return this.#level < 1 || this.#cooling < 1 ? 'eased' : 'full';
  }

  /** What may be used of what the owner allows, 0 to 1. */
  get level(): number {
    return this.#level * this.#cooling;
  }

  /** Less than 1 where steps have become slower little by little. */
  get cooling(): number {
    return this.#cooling;
  }

  /** How long to wait for the next look, while yielding. */
  get lookMs(): number {
    return this.#lookMs;
  }

  /** @param now when the step ended */
  step(kind: StepKind, size: number, length: number, ms: number, now: number): DutyChange {
    const idle = now - ms - this.#idleFrom > GAP_MS;
    this.#idleFrom = now;
    const verdict = idle ? 'new' : this.baseline.judge(kind, size, length, ms);
    if (this.#level === 0) return this.#look(verdict, ms, now);
    if (verdict === 'slow' || verdict === 'hard') return this.#suffer(kind, verdict === 'hard', now);
    if (verdict === 'normal') return this.#recover(kind, now);
    return 'none';
  }

  /** The engine rests for the sake of the share: such a gap is no idleness. */
  rest(ms: number): void {
    this.#idleFrom += ms;
  }

  /** A look begins: its first step may come from a GPU that slept. */
  beginLook(): void {
    this.#looked = 0;
    this.#sound = 0;
    this.#lastMs = 0;
  }

  /** What is, is normal: the owner says so. */
  reset(): void {
    this.baseline.reset();
    [this.#level, this.#drift, this.#cooling] = [1, 1, 1];
    this.#clear();
    this.#lookMs = FIRST_LOOK_MS;
  }

  #suffer(kind: StepKind, hard: boolean, now: number): DutyChange {
    this.#hard = hard || (this.#run > 0 && this.#hard);
    this.#kind = kind;
    this.#run++;
    this.#sound = 0;
    this.#recent = ((this.#recent << 1) | 1) & ((1 << WINDOW) - 1);
    const crowd = bits(this.#recent) >= CROWD;
    if (this.#run < RUN && !crowd) return 'none';
    const level = this.#level / 2;
    const yields = (this.#run >= RUN && this.#hard) || level < LEAST_LEVEL;
    this.#clear();
    this.#changedAt = now;
    if (!yields) {
      this.#level = level;
      return 'level';
    }
    this.#level = 0;
    const soon = now - this.#yieldedAt < SOON_MS;
    this.#lookMs = soon ? Math.min(MOST_LOOK_MS, 2 * this.#lookMs) : FIRST_LOOK_MS;
    this.#yieldedAt = now;
    return 'yield';
  }

  #recover(kind: StepKind, now: number): DutyChange {
    if (kind === this.#kind) this.#run = 0;
    this.#recent = (this.#recent << 1) & ((1 << WINDOW) - 1);
    this.#sound++;
    if (this.#level < 1 && this.#sound >= GROW_STEPS && now - this.#changedAt >= GROW_MS) {
      this.#level = Math.min(1, 2 * this.#level);
      this.#sound = 0;
      this.#changedAt = now;
      return 'level';
    }
    return this.#cool();
  }

  /** Steps that grow longer over minutes are no game: the GPU is hot, and is given time. */
  #cool(): DutyChange {
    this.#drift += DRIFT_RATE * (this.baseline.drift - this.#drift);
    let cooling = this.#cooling;
    if (this.#drift > DRIFT) cooling = Math.max(LEAST_LEVEL, 1 / this.#drift);
    else if (this.#drift < NO_DRIFT) cooling = 1;
    if (cooling !== 1 && Math.abs(cooling - this.#cooling) < COOLING_STEP) return 'none';
    if (cooling === this.#cooling) return 'none';
    this.#cooling = cooling;
    return 'level';
  }

  /** Ends as soon as it knows: a look costs the owner's game a few of our steps. */
  #look(verdict: Verdict, ms: number, now: number): DutyChange {
    const awakening = ms < AWAKENING * this.#lastMs;
    this.#lastMs = ms;
    this.#looked++;
    if (verdict === 'new' && this.#looked < LOOK_STEPS) return 'none';
    this.#sound = verdict === 'normal' ? this.#sound + 1 : 0;
    const slow = verdict === 'slow' || verdict === 'hard';
    this.#run = slow && !awakening ? this.#run + 1 : 0;
    if (this.#sound >= LOOK_SOUND) {
      this.#clear();
      this.#level = LEAST_LEVEL;
      this.#changedAt = now;
      this.#yieldedAt = now;
      return 'resume';
    }
    if (this.#run < RUN && this.#looked < LOOK_STEPS) return 'none';
    this.#clear();
    this.#lookMs = Math.min(MOST_LOOK_MS, 2 * this.#lookMs);
    return 'look_again';
  }

  #clear(): void {
    this.#run = 0;
    this.#recent = 0;
    this.#sound = 0;
  }
}

function bits(word: number): number {
  let count = 0;
  for (let rest = word; rest > 0; rest &= rest - 1) count++;
  return count;
}
