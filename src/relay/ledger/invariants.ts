import { MAX_AMOUNT } from '../../protocol/money/price.ts';
import { availableOf, jobReserved, jobSpent, payableOf } from './amounts.ts';
import type { BatchRow, ChannelRow, JobRow, LedgerState, ProviderRow } from './state.ts';
import { totalsOf } from './totals.ts';

/** What is broken (a stable code), and in which row. */
export interface BrokenInvariant {
  readonly code: string;
  readonly row: string;
}

/** One row's rules by the code of what breaks them: true means that the row keeps it. */
type Rules<Row> = Readonly<Record<string, (row: Row, state: LedgerState) => boolean>>;

const channelRules: Rules<ChannelRow> = {
  settled_over_accepted: ({ settled, accepted }) => settled <= accepted,
  accepted_over_deposit: ({ accepted, deposit }) => accepted <= deposit,
  spent_over_accepted: (row) => availableOf(row) >= 0n,
  credited_over_spent: ({ credited, spent }) => credited <= spent,
  fees_over_spent: ({ fees, spent }) => fees <= spent,
  voucher_not_accepted: ({ voucher, accepted }, { unit }) =>
    voucher === null || voucher.cumulative * unit <= accepted,
  amount_out_of_range: ({ deposit, spent, reserved, credited, fees, carried, settled }) =>
    deposit <= MAX_AMOUNT && [spent, reserved, credited, fees, carried, settled].every(isAmount),
  reserved_not_of_jobs: ({ channel, reserved }, { jobs }) => {
    const held = [...jobs.values()].filter((job) => job.channel === channel).map(jobReserved);
    return reserved === held.reduce((sum, amount) => sum + amount, 0n);
  },
};

const jobRules: Rules<JobRow> = {
  job_without_channel: ({ channel }, { channels }) => channels.has(channel),
  tokens_over_covered: ({ tokens, covered }) => tokens <= covered,
  covered_over_maximum: ({ covered, maxTokens }) => covered <= maxTokens,
  job_amount_negative: (job) => jobSpent(job) >= 0n && jobReserved(job) >= 0n,
};

const providerRules: Rules<ProviderRow> = {
  amount_out_of_range: ({ earned, vested, forfeited, carried, paid }) =>
    earned <= MAX_AMOUNT && [earned, vested, forfeited, carried, paid].every(isAmount),
  batches_not_of_work: ({ provider, earned, vested, forfeited, batch }, { batches }) => {
    const held = [...batches.values()].filter((closed) => closed.provider === provider);
    return earned === held.reduce((sum, { amount }) => sum + amount, vested + forfeited + batch.amount);
  },
  payout_over_vested: (row, state) => (row.payout?.cumulative ?? 0n) <= payableOf(state, row),
  paid_over_vested: ({ paid, vested, carried }) => paid <= vested + carried,
};

const batchRules: Rules<BatchRow> = {
  batch_without_provider: ({ provider }, { providers }) => providers.has(provider),
  batch_not_closed: ({ provider, number }, { providers }) =>
    number < (providers.get(provider)?.batch.number ?? 0),
};

/**
 * Rule M8 on a whole state; empty means that it holds. Reads every row: for tests, simulation and a start after a crash.
 * That cumulative amounts only grow shows between two states: `checkGrowth`.
 */
export function checkInvariants(state: LedgerState): BrokenInvariant[] {
  const { spent, unvested, vested, forfeited, fees } = totalsOf(state);
  const conserved = spent === unvested + vested + forfeited + fees;
  return [
    ...brokenRows(channelRules, state.channels, state),
    ...brokenRows(jobRules, state.jobs, state),
    ...brokenRows(providerRules, state.providers, state),
    ...brokenRows(batchRules, state.batches, state),
    ...(conserved ? [] : [{ code: 'money_not_conserved', row: '' }]),
  ];
}

/** All that only ever grows (rule M8), between two states of one ledger. */
export function checkGrowth(before: LedgerState, after: LedgerState): BrokenInvariant[] {
  return [
    ...shrunkRows(before.channels, after.channels, (row) => [
      row.deposit,
      row.settled,
      row.accepted,
      row.spent,
      row.credited,
      row.fees,
      row.carried,
      BigInt(row.finalized),
    ]),
    ...shrunkRows(before.providers, after.providers, (row) => [
      row.earned,
      row.vested,
      row.forfeited,
      row.carried,
      row.paid,
      row.payout?.cumulative ?? 0n,
      BigInt(row.batch.number),
    ]),
  ];
}

function brokenRows<Row>(
  rules: Rules<Row>,
  rows: ReadonlyMap<string, Row>,
  state: LedgerState,
): BrokenInvariant[] {
  return [...rows].flatMap(([key, row]) =>
    Object.entries(rules).flatMap(([code, holds]) => (holds(row, state) ? [] : [{ code, row: key }])),
  );
}

function shrunkRows<Row>(
  before: ReadonlyMap<string, Row>,
  after: ReadonlyMap<string, Row>,
  amountsOf: (row: Row) => bigint[],
): BrokenInvariant[] {
  return [...before].flatMap(([key, old]) => {
    const row = after.get(key);
    if (row === old) return [];
    if (row === undefined) return [{ code: 'row_lost', row: key }];
    const now = amountsOf(row);
    return amountsOf(old).some((amount, i) => amount > (now[i] as bigint))
      ? [{ code: 'amount_shrank', row: key }]
      : [];
  });
}

function isAmount(amount: bigint): boolean {
  return amount >= 0n && amount <= 2n * MAX_AMOUNT;
}
