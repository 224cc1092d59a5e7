import { CodedError } from '../../core/errors.ts';

/** Bounds how many wait at once, by whoever lets them wait and in all: each costs questions to the chain. */
export interface WaitingRoom {
  /** @param name whose waiting it is @returns ends it @throws CodedError `too_many_waiting` */
  enter(name: string): () => void;
}

export function createWaitingRoom(limits: { readonly each: number; readonly all: number }): WaitingRoom {
  const counts = new Map<string, number>();
  let all = 0;
  return {
    enter(name) {
      const count = counts.get(name) ?? 0;
      if (count >= limits.each || all >= limits.all) {
        const message = 'Too many transactions are waited for: show this one when it is in a block.';
        throw new CodedError('too_many_waiting', message);
      }
      counts.set(name, count + 1);
      all++;
      return () => {
        const left = (counts.get(name) ?? 0) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
        all--;
      };
    },
  };
}
