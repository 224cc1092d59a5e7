import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';

const DAY_MS = 24 * 3_600_000;

/** How often the relay pays somebody's gas within a day: by address and by network address. */
export interface Sponsorship {
  /** Counts one transaction for each of the names. @throws CodedError `sponsor_limit`: nothing is counted then */
  take(...names: readonly string[]): void;
}

/** @param perDay transactions for one name */
export function createSponsorship(clock: Clock, perDay: number): Sponsorship {
  let day = 0;
  const counts = new Map<string, number>();
  return {
    take(...names) {
      const today = Math.floor(clock.now() / DAY_MS);
      if (today !== day) counts.clear();
      day = today;
      if (names.some((name) => (counts.get(name) ?? 0) >= perDay)) {
        throw new CodedError('sponsor_limit', `This relay pays for ${perDay} transactions a day and agent.`);
      }
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    },
  };
}
