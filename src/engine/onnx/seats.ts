import type { Decoder } from './decoder.ts';
import { commonLength, isPrefilling, type Occupant } from './occupant.ts';

/** A shorter prefix costs less to feed again than to copy. */
const LEAST_REUSE = 8;

/** What an ended occupant left in the cache: the first `length` of `tokens`. */
interface Remains {
  readonly scope: string;
  readonly tokens: readonly number[];
  readonly length: number;
}

interface Slot<T> {
  occupant: T | undefined;
  /** Of an occupant with a scope, until the slot is needed. */
  remains: Remains | undefined;
  /** Greater is later. */
  usedAt: number;
}

/** Where a prefix lies. */
interface Find {
  readonly slot: number;
  readonly length: number;
}

const NOTHING: Find = { slot: -1, length: 0 };

/**
 * Who sits in which slot of the cache, and what ended ones left there. A newcomer gets the lowest free slot, so that
 * steps have few rows, and begins with the longest prefix that anybody of its scope has in the cache; without a scope,
 * or for another's tokens, it is as if the cache were empty (rule E1). What has to make room goes to the free slot that
 * was used longest ago, or is lost if it is that one itself.
 */
export class Seats<T extends Occupant> {
  readonly #decoder: Decoder;
  readonly #slots: Slot<T>[];
  readonly #waiting: T[] = [];
  #time = 0;
  /** Tokens that were not fed because they lay in the cache. */
  reused = 0;

  constructor(decoder: Decoder, slots: number) {
    this.#decoder = decoder;
    this.#slots = Array.from({ length: slots }, () => ({
      occupant: undefined,
      remains: undefined,
      usedAt: 0,
    }));
  }

  get count(): number {
    return this.#slots.length;
  }

  get prefilling(): boolean {
    for (const { occupant } of this.#slots) if (occupant && isPrefilling(occupant)) return true;
    return false;
  }

  get waiting(): number {
    return this.#waiting.filter(({ done }) => !done).length;
  }

  get active(): number {
    return this.#slots.filter(({ occupant }) => occupant && !occupant.done).length;
  }

  /** True if `settle` could seat somebody. */
  get seatable(): boolean {
    return this.waiting > 0 && this.active < this.count;
  }

  add(occupant: T): void {
    this.#waiting.push(occupant);
  }

  at(slot: number): T | undefined {
    const occupant = this.#slots[slot]?.occupant;
    return occupant?.done ? undefined : occupant;
  }

  slotOf(occupant: T): number {
    return this.#slots.findIndex((slot) => slot.occupant === occupant);
  }

  /** The first token in a slot's cache: what a row feeds that doesn't decode (`Batch`). */
  firstToken(slot: number): number {
    const { occupant, remains } = this.#slots[slot]!;
    return (occupant ?? remains)?.tokens[0] ?? 0;
  }

  failAll(error: unknown): void {
    for (const { occupant } of this.#slots) occupant?.fail(error);
    for (const occupant of this.#waiting) occupant.fail(error);
    this.#waiting.length = 0;
  }

  /** Frees the slots of those that are done, seats those that wait, and moves one down if a lower slot is free. */
  async settle(): Promise<void> {
    for (const slot of this.#slots) if (slot.occupant?.done) this.#leave(slot);
    for (;;) {
      const slot = this.#lowestFree();
      if (slot < 0) return;
      const next = this.#waiting.shift();
      if (!next) break;
      if (!next.done) await this.#seat(next, slot);
    }
    await this.#closeUp();
  }

  /** Takes over what somebody else of the same scope has fed meanwhile. */
  async catchUp(occupant: T): Promise<void> {
    const { slot, length } = this.#find(occupant);
    if (length < occupant.fed + LEAST_REUSE) return;
    await this.#decoder.copy(slot, this.slotOf(occupant), length);
    this.reused += length - occupant.fed;
    occupant.fed = length;
  }

  /** Those whose prompts are not fed yet, but for those that had better wait for what `catchUp` will bring them. */
  prefills(): T[] {
    const all = this.#slots.flatMap(({ occupant, usedAt }) =>
      occupant && isPrefilling(occupant) ? [{ occupant, usedAt }] : [],
    );
    const isAhead = (one: Occupant, of: Occupant): boolean =>
      one.scope !== undefined &&
      one.scope === of.scope &&
      commonLength(one.tokens, of.tokens, Math.min(one.prefillEnd, of.prefillEnd)) >=
        Math.max(one.fed, of.fed) + LEAST_REUSE;
    return all
      .filter(
        ({ occupant, usedAt }) =>
          !all.some((other) => other.usedAt < usedAt && isAhead(other.occupant, occupant)),
      )
      .map(({ occupant }) => occupant);
  }

  #leave(slot: Slot<T>): void {
    const { scope, tokens, fed } = slot.occupant!;
    slot.remains = scope !== undefined && fed > 0 ? { scope, tokens, length: fed } : undefined;
    slot.occupant = undefined;
    slot.usedAt = slot.remains ? ++this.#time : 0;
  }

  #lowestFree(): number {
    return this.#slots.findIndex(({ occupant }) => !occupant);
  }

  async #seat(occupant: T, slot: number): Promise<void> {
    const found = this.#find(occupant, slot);
    const left = this.#slots[found.slot]?.remains;
    if (left && left.length - found.length < LEAST_REUSE) {
      // It goes on from there as a whole.
      slot = found.slot;
    } else {
      await this.#clear(slot, found.slot);
      if (found.length > 0 && found.slot !== slot) await this.#decoder.copy(found.slot, slot, found.length);
    }
    occupant.fed = found.length;
    this.reused += found.length;
    this.#slots[slot] = { occupant, remains: undefined, usedAt: ++this.#time };
  }

  /** The longest prefix of its tokens that lies in the cache under its scope; of equal ones, that in slot `preferred`. */
  #find(occupant: T, preferred = -1): Find {
    let found = NOTHING;
    if (occupant.scope === undefined) return found;
    for (const [slot, { occupant: other, remains }] of this.#slots.entries()) {
      const held = other ? { scope: other.scope, tokens: other.tokens, length: other.fed } : remains;
      if (held?.scope !== occupant.scope || other === occupant) continue;
      const length = commonLength(held.tokens, occupant.tokens, Math.min(held.length, occupant.prefillEnd));
      if (length < LEAST_REUSE || length < found.length) continue;
      if (length > found.length || slot === preferred) found = { slot, length };
    }
    return found;
  }

  /** Saves what lies in a free slot into the one used longest ago, which is not `except`. */
  async #clear(slot: number, except = -1): Promise<void> {
    const { remains, usedAt } = this.#slots[slot]!;
    if (!remains) return;
    let oldest = slot;
    for (const [i, other] of this.#slots.entries()) {
      if (!other.occupant && i !== except && other.usedAt < this.#slots[oldest]!.usedAt) oldest = i;
    }
    this.#slots[slot]!.remains = undefined;
    if (oldest === slot) return;
    await this.#decoder.copy(slot, oldest, remains.length);
    this.#slots[oldest] = { occupant: undefined, remains, usedAt };
  }

  /** A step computes all rows up to the highest one. One move at a time: a step waits for it. */
  async #closeUp(): Promise<void> {
    const to = this.#lowestFree();
    const from = this.#slots.findLastIndex(({ occupant }) => occupant && !occupant.done);
    const occupant = this.#slots[from]?.occupant;
    if (to < 0 || to > from || !occupant) return;
    // The only free slot: what it remembers is worth more than one row.
    if (this.#slots[to]!.remains && this.active === this.count - 1) return;
    await this.#clear(to);
    if (occupant.fed > 0) await this.#decoder.copy(from, to, occupant.fed);
    const { usedAt } = this.#slots[from]!;
    this.#slots[from] = { occupant: undefined, remains: undefined, usedAt: 0 };
    this.#slots[to] = { occupant, remains: undefined, usedAt };
  }
}
