import type { Hex } from '../../../core/bytes.ts';
import type { AnyReceipt } from '../../../protocol/money/embed-job-receipt.ts';
import { batchKey } from '../../ledger/amounts.ts';
import type { Changes } from '../../ledger/applied.ts';
import type { BatchRow, ChannelRow, JobRow, ProviderRow } from '../../ledger/state.ts';
import type { ResultEntry } from './result-log.ts';

/** What a group of operations leaves to be written: each row once, however often it changed. */
export interface Harvest {
  readonly channels: Map<Hex, ChannelRow>;
  /** Undefined: the job is over. */
  readonly jobs: Map<Hex, JobRow | undefined>;
  readonly providers: Map<Hex, ProviderRow>;
  readonly batches: Map<string, { readonly row: BatchRow; readonly decided: boolean }>;
  readonly receipts: AnyReceipt[];
  readonly results: ResultEntry[];
}

export function emptyHarvest(): Harvest {
  return {
    channels: new Map(),
    jobs: new Map(),
    providers: new Map(),
    batches: new Map(),
    receipts: [],
    results: [],
  };
}

export function isEmpty(harvest: Harvest): boolean {
  const { receipts, results, ...rows } = harvest;
  return receipts.length + results.length === 0 && Object.values(rows).every(({ size }) => size === 0);
}

export function gather({ channels, jobs, providers, batches, receipts }: Harvest, changes: Changes): void {
  const { channel, job, endedJob, provider, batch, decidedBatch, receipt } = changes;
  if (channel) channels.set(channel.channel, channel);
  if (job) jobs.set(job.job, job);
  if (endedJob !== undefined) jobs.set(endedJob, undefined);
  if (provider) providers.set(provider.provider, provider);
  if (batch) batches.set(batchKey(batch.provider, batch.number), { row: batch, decided: false });
  if (decidedBatch) {
    const key = batchKey(decidedBatch.provider, decidedBatch.number);
    batches.set(key, { row: decidedBatch, decided: true });
  }
  if (receipt) receipts.push(receipt);
}
