import { computed, effect } from '@preact/signals';
import type { ErrorBody } from '../../core/errors.ts';
import type { Lending } from '../state/lending.ts';
import { OWNER_SIGNALS } from './owner-signals.ts';
import { createWakeLock } from './wake-lock.ts';

/** Lets what the page sees of the machine pause and resume lending, as far as the owner wants that. */
export function watchOwner(
  lending: Lending,
  signals = OWNER_SIGNALS,
  wakeLock = createWakeLock(),
): () => void {
  const holding = new Map<string, ErrorBody>();
  const ends = signals
    .filter(({ available }) => available())
    .map(({ wish, reason, follow }) => {
      const wanted = computed(() => lending.settings.value[wish]);
      return effect(() => {
        if (!wanted.value) return undefined;
        const end = follow((holds) => {
          if (holds) pause(reason);
          else resume(reason.code);
        });
        return () => {
          end();
          resume(reason.code);
        };
      });
    });
  function pause(reason: ErrorBody): void {
    holding.set(reason.code, reason);
    if (lending.lending.peek()) void lending.pauseFor(reason);
  }

  function resume(code: string): void {
    if (holding.delete(code) && lending.lending.peek()) void lending.resumeFrom(code);
  }

  // A worker that was started anew knows nothing of what held before.
  ends.push(
    effect(() => {
      if (!lending.lending.value) return;
      for (const reason of holding.values()) void lending.pauseFor(reason);
    }),
  );
  const awake = computed(() => lending.settings.value.stayAwake && lending.lending.value);
  ends.push(effect(() => wakeLock.want(awake.value)));
  return () => {
    for (const end of ends) end();
    wakeLock.want(false);
  };
}
