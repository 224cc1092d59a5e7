/**
 * Holds the browser's lock for lending: one tab of an origin and profile lends, and a tab that holds a lock is not
 * frozen in the background. Gives the function that releases it, or nothing where another tab has it.
 */
export async function holdLendingLock(profile: string): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    const held = navigator.locks.request(`afterglow-lending-${profile}`, { ifAvailable: true }, (lock) => {
      if (!lock) return resolve(undefined);
      return new Promise<void>((release) => resolve(release));
    });
    held.catch(reject);
  });
}
