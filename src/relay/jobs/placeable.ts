import type { Hex } from '../../core/bytes.ts';
import type { Feature } from '../../protocol/wire/feature.ts';
import type { RelayModel } from '../catalogue.ts';

/** What decides who could serve a job (rule P3). */
export interface Wanted {
  readonly needs: readonly Feature[];
  readonly order: {
    readonly model: RelayModel;
    readonly only?: Hex;
  };
}

/** A job of either kind as far as its place in line and at a provider goes: what the scheduler knows of it. */
export interface Placeable extends Wanted {
  readonly id: Hex;
  /** Tokens of its prompt, or of its longest input, and with the longest answer (rule P4). */
  readonly size: { readonly prompt: number; readonly whole: number };
  readonly order: Wanted['order'] & { readonly agent: string };
  readonly sink: { waiting(position: number, etaMs: number | undefined): void };
  /** `settling`: nothing more comes, the receipt is being stored. */
  state: 'waiting' | 'leased' | 'settling' | 'ended';
  waitingSince: number;
  readonly leases: readonly unknown[];
  /** Providers that lost it. */
  readonly losers: ReadonlySet<Hex>;
}
