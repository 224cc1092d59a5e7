import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { apply } from '../../../../src/relay/ledger/apply.ts';
import { batchKey } from '../../../../src/relay/ledger/amounts.ts';
import { checkGrowth, checkInvariants } from '../../../../src/relay/ledger/invariants.ts';
import { emptyState, type MutableState, record } from '../../../../src/relay/ledger/record.ts';
import type { BatchRow, ChannelRow, JobRow, ProviderRow } from '../../../../src/relay/ledger/state.ts';
import { totalsOf } from '../../../../src/relay/ledger/totals.ts';
import { LedgerTraffic } from '../../../../src/sim/ledger-traffic.ts';
import { SimRandom } from '../../../../src/sim/sim-random.ts';
import { SHAPE, snapshot, step } from '../../../contract/ledger/traffic.ts';

const UNIT = 1_000_000n;

/** A state after some traffic, with a row of each kind. */
function worn(): MutableState {
  const state = emptyState(UNIT);
  const traffic = new LedgerTraffic(new SimRandom(5), { ...SHAPE, faults: 0 }, 't');
  const isFull = () => state.jobs.size > 0 && state.batches.size > 0 && totalsOf(state).vested > 0n;
  for (let i = 0; i < 10_000 && (i < 200 || !isFull()); i++) {
    const op = traffic.next(state);
    record(state, op, apply(state, op));
  }
  return state;
}

type Spoilt = readonly [code: string, spoil: (state: MutableState) => void];

function channel(code: string, change: (row: ChannelRow) => Partial<ChannelRow>): Spoilt {
  return [code, ({ channels }) => spoilFirst(channels, change)];
}
function job(code: string, change: (row: JobRow) => Partial<JobRow>): Spoilt {
  return [code, ({ jobs }) => spoilFirst(jobs, change)];
}
function provider(code: string, change: (row: ProviderRow) => Partial<ProviderRow>): Spoilt {
  return [code, ({ providers }) => spoilFirst(providers, change)];
}
function batch(code: string, change: (row: BatchRow) => Partial<BatchRow>): Spoilt {
  return [code, ({ batches }) => spoilFirst(batches, change)];
}
function spoilFirst<Row>(rows: Map<string, Row>, change: (row: Row) => Partial<Row>): void {
  const [[key, row]] = rows as unknown as [[string, Row]];
  rows.set(key, { ...row, ...change(row) });
}

describe('M8: the invariants', () => {
  it('hold in any interleaving, and what grows grows', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 800 }), (seed, length) => {
        const state = emptyState(UNIT);
        const traffic = new LedgerTraffic(new SimRandom(seed), SHAPE, 't');
        // `step` throws where an invariant breaks.
        for (let i = 0; i < length; i++) step(state, traffic.next(state));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    channel('settled_over_accepted', ({ accepted }) => ({ settled: accepted + 1n })),
    channel('accepted_over_deposit', ({ deposit }) => ({ accepted: deposit + UNIT })),
    channel('spent_over_accepted', ({ accepted, credited }) => ({ spent: accepted + credited + 1n })),
    channel('credited_over_spent', ({ spent }) => ({ credited: spent + 1n })),
    channel('fees_over_spent', ({ spent }) => ({ fees: spent + 1n })),
    channel('voucher_not_accepted', ({ accepted }) => ({
      voucher: { cumulative: accepted / UNIT + 1n, signature: '0x' },
    })),
    channel('amount_out_of_range', () => ({ carried: -1n })),
    channel('reserved_not_of_jobs', ({ reserved }) => ({ reserved: reserved + 1n })),
    channel('money_not_conserved', ({ fees }) => ({ fees: fees - 1n })),
    job('job_without_channel', () => ({ channel: '0x00' })),
    job('tokens_over_covered', ({ covered }) => ({ tokens: covered + 1 })),
    job('covered_over_maximum', ({ maxTokens }) => ({ covered: maxTokens + 1 })),
    job('reserved_not_of_jobs', ({ covered }) => ({ covered: covered - 1 })),
    provider('batches_not_of_work', ({ earned }) => ({ earned: earned + 1n })),
    provider('payout_over_vested', ({ vested, carried }) => ({
      payout: { cumulative: (vested + carried) / UNIT + 1n, signature: '0x' },
    })),
    provider('paid_over_vested', ({ vested, carried }) => ({ paid: vested + carried + 1n })),
    provider('batches_not_of_work', ({ vested }) => ({ vested: vested + 1n })),
    provider('money_not_conserved', ({ earned }) => ({ earned: earned - 1n })),
    batch('batches_not_of_work', ({ amount }) => ({ amount: amount + 1n })),
    batch('batch_without_provider', () => ({ provider: '0x00' })),
    batch('batch_not_closed', () => ({ number: 1_000_000 })),
  ])('%s is named', (code, spoil) => {
    const state = worn();
    expect(checkInvariants(state)).toEqual([]);
    spoil(state);
    expect(checkInvariants(state).map((broken) => broken.code)).toContain(code);
  });

  it('what shrinks, or goes, is named', () => {
    const before = worn();
    const after = snapshot(before) as MutableState;
    expect(checkGrowth(before, after)).toEqual([]);
    spoilFirst(after.channels, ({ deposit }) => ({ deposit: deposit - 1n }));
    const gone = [...after.providers.keys()].at(-1)!;
    after.providers.delete(gone);
    const codes = checkGrowth(before, after).map(({ code }) => code);
    expect(codes).toEqual(['amount_shrank', 'row_lost']);
  });

  it('totals say where all money is', () => {
    const state = worn();
    const { spent, unvested, vested, forfeited, fees, reserved, remainder } = totalsOf(state);
    expect(spent).toBe(unvested + vested + forfeited + fees);
    expect(reserved).toBeGreaterThan(0n);
    expect(remainder).toBeGreaterThanOrEqual(0n);
    const held = [...state.batches.values()].reduce((sum, { amount }) => sum + amount, 0n);
    expect(held).toBeLessThanOrEqual(unvested);
    expect([...state.batches.keys()]).toEqual(
      [...state.batches.values()].map((row) => batchKey(row.provider, row.number)),
    );
  });
});
