import type { Hex } from '../../core/bytes.ts';
import type { CodedError } from '../../core/errors.ts';
import type { Hello, RelayMessage, Room } from '../../protocol/wire/messages.ts';
import type { RelayModel } from '../catalogue.ts';

/** Most slots that a provider may have granted and not used: what one `hello` can grant. */
const MAX_SLOTS = 64;

/** Attempts of one connection that are remembered, to tell a message that crossed their end from a false one. */
const REMEMBERED = 1024;

/** A proven account on its connection: what it offers, what it granted, how it does. */
export interface Provider {
  readonly account: Hex;
  /** Names this connection; for logs. */
  readonly session: string;
  readonly gpu: Hello['gpu'];
  readonly engine: Hello['engine'];
  /** What it can do of a job: names of `Feature`, and others. */
  readonly features: ReadonlySet<string>;
  readonly connectedAt: number;
  /** Those of its models that this relay can speak for; none while it pauses. */
  models: ReadonlySet<RelayModel>;
  /** What of a model's context it takes; all of it, unless it says. */
  room: Room | undefined;
  /** Slots granted and not used (rule P1). Below 0 where a revoked one was filled meanwhile (rule P3). */
  free: number;
  /** Live leases. */
  busy: number;
  /** Attempts that it got on this connection, the latest of them. */
  readonly assigned: Set<string>;
  worstStepMs: number;
  /** When its last frame came. */
  heardAt: number;
  /** When it last got a job: equals take turns. */
  assignedAt: number;
  /** Ids accepted on this connection. */
  tokens: number;
  send(message: RelayMessage): void;
  /** Closes the connection with an error; its jobs move on. */
  fail(error: CodedError): void;
}

/** What a provider's connection adds to its `hello`. */
export type ProviderWire = Pick<Provider, 'session' | 'connectedAt' | 'send' | 'fail'>;

/** @param models those of its offer that this relay can speak for */
export function createProvider(hello: Hello, models: ReadonlySet<RelayModel>, wire: ProviderWire): Provider {
  const { account, gpu, engine, features, slots, room, worstStepMs } = hello;
  return {
    ...wire,
    account,
    gpu,
    engine,
    features: new Set(features),
    models,
    room,
    free: slots,
    busy: 0,
    assigned: new Set(),
    worstStepMs,
    heardAt: wire.connectedAt,
    assignedAt: 0,
    tokens: 0,
  };
}

/** Takes slots that a provider grants (rule P1). */
export function addSlots(provider: Provider, slots: number): void {
  provider.free = Math.min(MAX_SLOTS, provider.free + slots);
}

/** Gives slots back to a provider that works less now (rule P3). */
export function removeSlots(provider: Provider, slots: number): void {
  provider.free = Math.max(-MAX_SLOTS, provider.free - slots);
}

/** Fills one of its slots with an attempt. */
export function fillSlot(provider: Provider, attempt: string, now: number): void {
  provider.free--;
  provider.busy++;
  provider.assignedAt = now;
  provider.assigned.add(attempt);
  for (const oldest of provider.assigned) {
    if (provider.assigned.size <= REMEMBERED) return;
    provider.assigned.delete(oldest);
  }
}

/** Names an attempt. */
export function attemptKey(job: Hex, lease: number): string {
  return `${job}/${lease}`;
}
