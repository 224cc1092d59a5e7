import type { Hex } from '../../core/bytes.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Provider } from './provider.ts';

/** A loss counts against its account in the choice of providers for this long, whatever its cause. */
const LOSS_MEMORY_MS = 10 * 60_000;

/** At this many remembered accounts, those without a recent loss are forgotten. */
const LOSS_ACCOUNTS = 10_000;

/** Who is here: one connection for each account (rule W4), and how often each was lost lately. */
export class Registry {
  readonly #providers = new Map<Hex, Provider>();
  readonly #offering = new Map<RelayModel, Set<Provider>>();
  /** When a provider of the model was last here. */
  readonly #lastOffered = new Map<RelayModel, number>();
  readonly #losses = new Map<Hex, number[]>();

  get providers(): IterableIterator<Provider> {
    return this.#providers.values();
  }

  get size(): number {
    return this.#providers.size;
  }

  get(account: Hex): Provider | undefined {
    return this.#providers.get(account);
  }

  /** The account's older connection has been removed. */
  add(provider: Provider, now: number): void {
    this.#providers.set(provider.account, provider);
    this.offer(provider, provider.models, now);
  }

  remove(provider: Provider, now: number): void {
    this.offer(provider, new Set(), now);
    this.#providers.delete(provider.account);
  }

  /** From now on the provider offers these models and no others. */
  offer(provider: Provider, models: ReadonlySet<RelayModel>, now: number): void {
    for (const model of provider.models) {
      this.#offering.get(model)?.delete(provider);
      this.#lastOffered.set(model, now);
    }
    provider.models = models;
    for (const model of models) {
      const offering = this.#offering.get(model) ?? new Set();
      this.#offering.set(model, offering.add(provider));
    }
  }

  offering(model: RelayModel): Iterable<Provider> {
    return this.#offering.get(model) ?? [];
  }

  /** Whether somebody offers the model, or did so less than `withinMs` ago and may be on the way back. */
  expects(model: RelayModel, now: number, withinMs: number): boolean {
    if (this.#offering.get(model)?.size) return true;
    return now - (this.#lastOffered.get(model) ?? Number.NEGATIVE_INFINITY) < withinMs;
  }

  countLoss(account: Hex, now: number): void {
    if (this.#losses.size >= LOSS_ACCOUNTS)
      for (const known of this.#losses.keys()) this.recentLosses(known, now);
    this.#losses.set(account, [...(this.#losses.get(account) ?? []), now]);
  }

  /** Losses in the last ten minutes; an account that has none is forgotten. */
  recentLosses(account: Hex, now: number): number {
    const times = this.#losses.get(account);
    if (!times) return 0;
    const recent = times.filter((at) => now - at < LOSS_MEMORY_MS);
    if (recent.length === 0) this.#losses.delete(account);
    else if (recent.length < times.length) this.#losses.set(account, recent);
    return recent.length;
  }
}
