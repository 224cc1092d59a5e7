import type { Hex } from '../../core/bytes.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Provider } from './provider.ts';

/** A loss counts against its account in the choice of providers for this long, whatever its cause. */
const LOSS_MEMORY_MS = 10 * 60_000;

/** Who is here: one connection for each account (rule W4), and how often each was lost lately. */
export class Registry {
  readonly #providers = new Map<Hex, Provider>();
  readonly #losses = new Map<Hex, number[]>();
  /** When a provider of the model was last here. */
  readonly #offered = new Map<RelayModel, number>();

  get providers(): IterableIterator<Provider> {
    return this.#providers.values();
  }

  get size(): number {
    return this.#providers.size;
  }

  get(account: Hex): Provider | undefined {
    return this.#providers.get(account);
  }

  add(provider: Provider): void {
    this.#providers.set(provider.account, provider);
  }

  /** Does nothing where a newer connection has the account. */
  remove(provider: Provider, now: number): void {
    for (const model of provider.models) this.#offered.set(model, now);
    if (this.#providers.get(provider.account) === provider) this.#providers.delete(provider.account);
  }

  offers(provider: Provider, models: ReadonlySet<RelayModel>, now: number): void {
    for (const model of provider.models) this.#offered.set(model, now);
    provider.models = models;
  }

  *offering(model: RelayModel): Generator<Provider, void, void> {
    for (const provider of this.#providers.values()) if (provider.models.has(model)) yield provider;
  }

  /** Whether somebody offers the model, or did so less than `withinMs` ago and may be on the way back. */
  expects(model: RelayModel, now: number, withinMs: number): boolean {
    for (const _ of this.offering(model)) return true;
    return now - (this.#offered.get(model) ?? Number.NEGATIVE_INFINITY) < withinMs;
  }

  countLoss(account: Hex, now: number): void {
    this.#losses.set(account, [...this.#recent(account, now), now]);
  }

  recentLosses(account: Hex, now: number): number {
    return this.#recent(account, now).length;
  }

  #recent(account: Hex, now: number): number[] {
    const times = this.#losses.get(account);
    if (!times) return [];
    const recent = times.filter((at) => now - at < LOSS_MEMORY_MS);
    if (recent.length === 0) this.#losses.delete(account);
    return recent;
  }
}
