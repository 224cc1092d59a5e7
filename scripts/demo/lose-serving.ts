import type { RelayEvent } from '../../src/relay/relay-events.ts';
import type { LocalNetwork } from '../network/local-network.ts';
import type { Story } from './story.ts';

/** Kills the tab that got the latest job, as a crash would. */
export async function loseServing(
  network: LocalNetwork,
  events: readonly RelayEvent[],
  story: Story,
): Promise<void> {
  const assigned = events.findLast((event) => event.type === 'jobAssigned');
  const serving = network.tabs.find(({ account }) => account === assigned?.provider);
  if (!serving) return story.say('The tab that serves is not one of the demo: nothing was killed.');
  await network.lose(serving, 'renderer killed');
  story.mark('tab killed');
  await network.remove(serving);
}
