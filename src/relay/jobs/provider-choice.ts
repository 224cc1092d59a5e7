import type { Provider } from '../providers/provider.ts';
import type { Registry } from '../providers/registry.ts';
import { meets } from './needs.ts';
import type { Placeable, Wanted } from './placeable.ts';

/** How many free slots one recent loss outweighs. */
const LOSS_WEIGHT = 2;

/**
 * Who gets a job next: one that did not lose it before anyone who did (rule L3), then most free slots, each recent
 * loss counting against them, then who has waited longest for a job. Nobody without a free slot (rule P1), and nobody
 * for whom the job is too long (rule P4).
 */
export function chooseProvider(job: Placeable, registry: Registry, now: number): Provider | undefined {
  let best: Provider | undefined;
  let bestRank: readonly number[] = [];
  for (const provider of candidates(job, registry)) {
    if (provider.free < 1 || !hasRoom(provider, job)) continue;
    const losses = registry.recentLosses(provider.account, now);
    const hasLostIt = Number(job.losers.has(provider.account));
    const rank = [hasLostIt, LOSS_WEIGHT * losses - provider.free, provider.assignedAt];
    if (!best || precedes(rank, bestRank)) {
      best = provider;
      bestRank = rank;
    }
  }
  return best;
}

/** Whether a provider's owner and memory allow this job (rule P4). */
function hasRoom({ room }: Provider, { size }: Placeable): boolean {
  return !room || (size.prompt <= room.prompt && size.whole <= room.context);
}

/** Tokens of the longest stream that anybody here holds for such a job; undefined: as many as the model (rule P4). */
export function longestStream(wanted: Wanted, registry: Registry): number | undefined {
  const rooms = candidates(wanted, registry).map(({ room }) => room?.context ?? Number.POSITIVE_INFINITY);
  const most = Math.max(0, ...rooms);
  return most > 0 && Number.isFinite(most) ? most : undefined;
}

/** Who could serve the job, if only there was a slot (rule P5). */
export function candidates({ needs, order }: Wanted, registry: Registry): Provider[] {
  return offering(order, registry).filter((provider) => meets(provider, needs));
}

/** Who offers its model, whatever else it asks for. */
export function offering({ model, only }: Wanted['order'], registry: Registry): Provider[] {
  if (only === undefined) return [...registry.offering(model)];
  const own = registry.get(only);
  return own?.models.has(model) ? [own] : [];
}

/** Whether the first rank is the smaller, place by place. */
function precedes(a: readonly number[], b: readonly number[]): boolean {
  for (const [place, value] of a.entries()) {
    const difference = value - (b[place] as number);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
