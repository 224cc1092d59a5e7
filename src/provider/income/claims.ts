/** A chunk that crossed its attempt's cancel was sent this long before at most. */
const CROSSING_MS = 3_000;
/** The relay has booked a chunk after this long, or it never will. */
const BOOKING_MS = 10_000;

interface Claim {
  readonly attempt: string;
  readonly at: number;
  readonly amount: bigint;
}

/**
 * This tab's own count of what it earned on one connection: the growth of its signed totals (rule M4). The relay's
 * figures are held against it.
 */
export class Claims {
  #total = 0n;
  /** Of claims that the relay must have booked by now. */
  #due = 0n;
  #young: Claim[] = [];
  readonly #totals = new Map<string, bigint>();

  /** All that was claimed, in pico. */
  get total(): bigint {
    return this.#total;
  }

  /** A statement with this total was sent. */
  state(attempt: string, total: bigint, at: number): void {
    const amount = total - (this.#totals.get(attempt) ?? 0n);
    this.#totals.set(attempt, total);
    this.#total += amount;
    this.#young.push({ attempt, at, amount });
  }

  /** An attempt was cancelled: what the relay may not have taken any more is not claimed. */
  cancel(attempt: string, now: number): void {
    const crossed = this.#young.filter((claim) => claim.attempt === attempt && now - claim.at < CROSSING_MS);
    this.#total -= crossed.reduce((sum, { amount }) => sum + amount, 0n);
    this.#young = this.#young.filter((claim) => !crossed.includes(claim));
    this.#totals.delete(attempt);
  }

  /** Nothing more comes of an attempt. */
  end(attempt: string): void {
    this.#totals.delete(attempt);
  }

  /** What the relay must have booked by now, in pico. */
  due(now: number): bigint {
    const young = this.#young.findIndex(({ at }) => now - at < BOOKING_MS);
    const old = this.#young.splice(0, young === -1 ? this.#young.length : young);
    this.#due += old.reduce((sum, { amount }) => sum + amount, 0n);
    return this.#due;
  }
}
