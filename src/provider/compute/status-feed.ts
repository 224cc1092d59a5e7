import { type Clock, every } from '../../core/clock.ts';

/** A listener gets the status this often at most. */
export const STATUS_MS = 250;

/**
 * Pushes a status at fixed ticks and only when it changed: however many tokens a second there are, the page hears of
 * them four times. Returns the function that ends it.
 */
export function feedStatus<T>(clock: Clock, read: () => T, push: (status: T) => void): () => void {
  let last = '';
  const tick = (): void => {
    const status = read();
    const text = JSON.stringify(status);
    if (text === last) return;
    last = text;
    push(status);
  };
  tick();
  return every(clock, STATUS_MS, tick);
}
