import { SimClock } from '../../../../src/sim/sim-clock.ts';

/** A simulated clock whose process can stand still: time passes, and no timer runs until it goes on. */
export class StallingClock extends SimClock {
  #lost = 0;

  override now(): number {
    return super.now() + this.#lost;
  }

  stall(ms: number): void {
    this.#lost += ms;
  }
}
