import type { Applied, Changes } from './applied.ts';
import { batchKey } from './amounts.ts';
import type { Operation, OperationType } from './operation.ts';
import type { Done } from './result.ts';
import { type LedgerState, REMEMBERED } from './state.ts';

type Writable<T> = {
  -readonly [K in keyof T]: T[K] extends ReadonlyMap<infer A, infer B> ? Map<A, B> : T[K];
};

/** A state that its ledger changes. */
export type MutableState = Writable<LedgerState>;

/** A state in which nothing happened yet. @param unit pico per base unit (`unitOf`) */
export function emptyState(unit: bigint): MutableState {
  return {
    unit,
    channels: new Map(),
    jobs: new Map(),
    providers: new Map(),
    batches: new Map(),
    results: new Map(),
  };
}

/** States of the chain and of cumulative promises: repeating one changes nothing, so their results are not remembered. */
const UNREMEMBERED: ReadonlySet<OperationType> = new Set(['channel', 'settled', 'paid', 'payout', 'receipt']);

/** What is remembered of an applied operation: its result, if it changed anything and would not be harmless twice. */
export function memoryOf(op: Operation, { result, changes }: Applied): Done<OperationType> | undefined {
  return result.ok && changes && !UNREMEMBERED.has(op.type) ? result : undefined;
}

/** Writes what `apply` answered for `op` into the state that it was asked about. */
export function record(state: MutableState, op: Operation, applied: Applied): void {
  if (applied.changes) write(state, applied.changes);
  const memory = memoryOf(op, applied);
  if (memory) remember(state, op.id, memory);
}

export function remember({ results }: MutableState, id: string, result: Done<OperationType>): void {
  results.set(id, result);
  if (results.size > REMEMBERED) results.delete(oldestId(results));
}

/**
 * Where each memory's oldest id is looked for. A map's iterator goes on where it was; a new one would first pass all that
 * was deleted, each time.
 */
const ages = new WeakMap<object, Iterator<string>>();

function oldestId(results: Map<string, unknown>): string {
  const age = ages.get(results) ?? results.keys();
  ages.set(results, age);
  return age.next().value as string;
}

function write(
  state: MutableState,
  { channel, job, endedJob, provider, batch, decidedBatch }: Changes,
): void {
  if (channel) state.channels.set(channel.channel, channel);
  if (job) state.jobs.set(job.job, job);
  if (endedJob !== undefined) state.jobs.delete(endedJob);
  if (provider) state.providers.set(provider.provider, provider);
  if (batch) state.batches.set(batchKey(batch.provider, batch.number), batch);
  if (decidedBatch) state.batches.delete(batchKey(decidedBatch.provider, decidedBatch.number));
}
