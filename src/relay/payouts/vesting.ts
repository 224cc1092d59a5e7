import type { Hex } from '../../core/bytes.ts';
import { type Clock, sleep } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import { batchKey } from '../ledger/amounts.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { BatchRow } from '../ledger/state.ts';
import type { Log } from '../log.ts';
import type { Holdback, Verdict } from './holdback.ts';

export interface VestingParts {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly holdback: Holdback;
  /** Reads what the chain paid: before the first vesting, because an earlier ledger may have signed vouchers. */
  readonly read: (provider: Hex) => Promise<void>;
  /** The provider's amounts changed: a batch closed, vested or was forfeited. */
  readonly changed: (provider: Hex) => void;
}

/** From accrued to vested (rule M7): closes batches, lets the holdback judge them, and books what it says. */
export interface Vesting {
  /** Closes the provider's open batch and begins its holdback. @throws CodedError `batch_not_closed`, `store_failed` */
  closeBatch(provider: Hex): Promise<void>;
  /** Takes up the batches that an earlier process closed. */
  resume(): void;
  /** Batches without a verdict wait for the next start. */
  stop(): void;
}

/** A holdback or a ledger that failed is tried again after this long. */
const RETRY_MS = 5_000;

export function createVesting({ ledger, clock, log, holdback, read, changed }: VestingParts): Vesting {
  const stopped = new AbortController();
  const judged = new Set<string>();

  async function judge(row: BatchRow): Promise<void> {
    const key = batchKey(row.provider, row.number);
    if (judged.has(key)) return;
    judged.add(key);
    while (!stopped.signal.aborted) {
      try {
        const verdict = await holdback.release(row);
        if (ledger.state.providers.get(row.provider)?.vested === 0n) await read(row.provider);
        await book(row, verdict);
        break;
      } catch (error) {
        log.error(
          { provider: row.provider, batch: row.number, error: errorBody(error) },
          'A batch is not judged.',
        );
        await sleep(clock, RETRY_MS, stopped.signal).catch(() => {});
      }
    }
    judged.delete(key);
  }

  async function book({ provider, number }: BatchRow, verdict: Verdict): Promise<void> {
    const type = verdict === 'vest' ? 'vest' : 'forfeit';
    const [result] = await ledger.commit([
      { type, id: `${type}/${provider}/${number}`, provider, batch: number },
    ]);
    if (!result.ok) log.error({ provider, batch: number, code: result.code }, 'A verdict was refused.');
    else if (verdict !== 'vest') {
      log.warn({ provider, batch: number, reason: verdict.reason }, 'A batch was forfeited.');
    }
    changed(provider);
  }

  return {
    async closeBatch(provider) {
      const open = ledger.state.providers.get(provider)?.batch;
      if (!open || open.openedAt === 0) return;
      const id = `closeBatch/${provider}/${open.number}`;
      const [result] = await ledger.commit([
        { type: 'closeBatch', id, provider, batch: open.number, at: Math.floor(clock.now()) },
      ]);
      if (!result.ok) {
        if (result.code === 'out_of_step' || result.code === 'batch_empty') return; // Closed already.
        throw new CodedError('batch_not_closed', 'The ledger refused to close a batch.', {
          refusal: result.code,
        });
      }
      changed(provider);
      const closed = ledger.state.batches.get(batchKey(provider, open.number));
      if (closed) await judge(closed);
    },
    resume() {
      for (const row of ledger.state.batches.values()) void judge(row);
    },
    stop: () => stopped.abort(),
  };
}
