/**
 * A connection's account of slots (rule P1): what the relay may still fill, and what is withheld while the provider
 * pauses (rule P2).
 */
export class Slots {
  #granted: number;
  #withheld = 0;
  #open: boolean;

  /** @param granted what `hello` offered. @param open false while paused. */
  constructor(granted: number, open: boolean) {
    this.#granted = granted;
    this.#open = open;
  }

  get open(): boolean {
    return this.#open;
  }

  get granted(): number {
    return this.#granted;
  }

  /** An assignment fills a slot; false where none was granted. */
  fill(): boolean {
    if (this.#granted === 0) return false;
    this.#granted--;
    return true;
  }

  /** A slot came free: 1 to grant it again, 0 to withhold it until `resume`. */
  free(): 0 | 1 {
    if (this.#open) {
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
    const slots = this.#withheld;
    this.#open = true;
    this.#granted += slots;
    this.#withheld = 0;
    return slots;
  }
}
