import type { PaidWorld } from '../../../src/sim/paid-world.ts';
import type { SimTab } from '../../../src/sim/sim-world.ts';

/** How a tab, or the relay that it hangs on, is lost in the middle of its work. */
export type Loss = 'closed' | 'cut' | 'paused' | 'stopped' | 'relay killed';

/** Loses it, and brings it back where it can come back. */
export async function lose(world: PaidWorld, tab: SimTab, loss: Loss): Promise<void> {
  switch (loss) {
    case 'closed':
      return tab.link()?.reset();
    case 'cut':
      tab.cut();
      await world.clock.advance(4_000);
      return tab.mend();
    case 'paused':
      tab.provider.pause({ code: 'paused', message: 'The owner plays.' });
      await world.clock.advance(3_000);
      return tab.provider.resume();
    case 'stopped':
      await Promise.all([tab.provider.stop(), world.clock.advance(2_000)]);
      return tab.provider.start();
    case 'relay killed':
      world.restart();
      await world.clock.advance(3_000);
  }
}
