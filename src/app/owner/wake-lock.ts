/** Keeps the machine awake while it is wanted. A hidden page loses the lock, and asks again when it is seen. */
export interface WakeLock {
  want(wanted: boolean): void;
}

export function createWakeLock(): WakeLock {
  let wanted = false;
  let held: WakeLockSentinel | undefined;
  let asking = false;

  async function follow(): Promise<void> {
    if (!wanted) {
      const lock = held;
      held = undefined;
      return lock?.release();
    }
    if (asking || held || document.visibilityState !== 'visible') return;
    asking = true;
    try {
      held = await navigator.wakeLock?.request('screen');
      held?.addEventListener('release', () => (held = undefined));
    } catch {
      // Low battery, or forbidden: lending goes on, and the machine may fall asleep.
    } finally {
      asking = false;
    }
    if (!wanted) await follow();
  }

  document.addEventListener('visibilitychange', () => void follow());
  return {
    want(now) {
      wanted = now;
      void follow();
    },
  };
}
