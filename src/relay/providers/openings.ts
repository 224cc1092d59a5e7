import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { attemptKey, type Provider } from './provider.ts';

/** Openings of leaves that were asked for and have not come yet (rule C4). */
export interface Openings {
  /**
   * Asks a provider for an attempt's leaves: base64 of `encodeLeaf`, one per chunk; none where it no longer has them.
   * @throws CodedError `opening_late`, `provider_lost`
   */
  ask(provider: Provider, job: Hex, lease: number): Promise<readonly string[]>;
  /** @returns whether anybody had asked this provider for it. */
  answer(provider: Provider, job: Hex, lease: number, leaves: readonly string[]): boolean;
  /** Nothing more comes from this provider. */
  drop(provider: Provider): void;
}

interface Asked {
  readonly answer: Promise<readonly string[]>;
  readonly resolve: (leaves: readonly string[]) => void;
  readonly reject: (error: CodedError) => void;
}

export function createOpenings(clock: Clock, timeoutMs: number): Openings {
  const asked = new Map<Provider, Map<string, Asked>>();

  function take(provider: Provider, key: string): Asked | undefined {
    const ofProvider = asked.get(provider);
    const found = ofProvider?.get(key);
    ofProvider?.delete(key);
    if (ofProvider?.size === 0) asked.delete(provider);
    return found;
  }

  return {
    ask(provider, job, lease) {
      const key = attemptKey(job, lease);
      const ofProvider = asked.get(provider) ?? new Map<string, Asked>();
      asked.set(provider, ofProvider);
      const earlier = ofProvider.get(key);
      if (earlier) return earlier.answer;
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      const undo = clock.after(timeoutMs, () => {
        take(provider, key);
        reject(new CodedError('opening_late', 'The provider did not open its leaves in time.'));
      });
      const answer = promise.finally(undo);
      ofProvider.set(key, { answer, resolve, reject });
      provider.send({ type: 'open', job, lease });
      return answer;
    },
    answer(provider, job, lease, leaves) {
      const found = take(provider, attemptKey(job, lease));
      found?.resolve(leaves);
      return found !== undefined;
    },
    drop(provider) {
      for (const { reject } of asked.get(provider)?.values() ?? []) {
        reject(new CodedError('provider_lost', 'The provider went away before it opened its leaves.'));
      }
      asked.delete(provider);
    },
  };
}
