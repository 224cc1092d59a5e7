/**
 * A connection's account of slots (rules P1, P3): what the relay may still fill, what runs, and what is withheld while
 * the provider pauses (rule P2) or works less. The sum of the three never changes.
 */
export class Slots {
  #granted: number;
  #live = 0;
  #withheld: number;
  #limit: number;
  #open: boolean;

  /**
   * @param slots of the engine. @param limit how many of them `hello` offered; the others are withheld.
   * @param open false while paused.
   */
  constructor(slots: number, limit: number, open: boolean) {
    this.#granted = Math.min(slots, limit);
    this.#withheld = slots - this.#granted;
    this.#limit = limit;
    this.#open = open;
  }

  get open(): boolean {
    return this.#open;
  }

  /** More run than shall: the newest was assigned while the limit was on its way to the relay. */
  get crowded(): boolean {
    return this.#live > this.#limit;
  }

  /** An assignment fills a slot; false where none was granted. One that was taken back meanwhile counts as granted. */
  fill(): boolean {
    if (this.#granted <= -this.#withheld) return false;
    this.#granted--;
    this.#live++;
    return true;
  }

  /** A slot came free: 1 to grant it again, 0 to withhold it. */
  free(): 0 | 1 {
    this.#live--;
    if (this.#open && this.#granted + this.#live < this.#limit) {
      this.#granted++;
      return 1;
    }
    this.#withheld++;
    return 0;
  }

  close(): void {
    this.#open = false;
  }

  /** Opens again; gives the number of slots to grant at once. */
  resume(): number {
    this.#open = true;
    return this.#grant();
  }

  /** From now on so many slots are filled at most. Gives what to grant (above 0) or to take back (below 0) at once. */
  limit(slots: number): number {
    this.#limit = slots;
    const surplus = Math.min(this.#granted, this.#granted + this.#live - slots);
    if (surplus <= 0) return this.#open ? this.#grant() : 0;
    this.#granted -= surplus;
    this.#withheld += surplus;
    return -surplus;
  }

  #grant(): number {
    const slots = Math.max(0, Math.min(this.#withheld, this.#limit - this.#granted - this.#live));
    this.#granted += slots;
    this.#withheld -= slots;
    return slots;
  }
}
