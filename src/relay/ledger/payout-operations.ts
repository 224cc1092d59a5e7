import type { Hex } from '../../core/bytes.ts';
import { batchKey, clampedPico, greater, payableOf } from './amounts.ts';
import { type Applied, refuse } from './applied.ts';
import type {
  CloseBatchOperation,
  ForfeitOperation,
  PaidOperation,
  PayoutOperation,
  VestOperation,
} from './operation.ts';
import type { BatchRow, LedgerState, ProviderRow } from './state.ts';

export function applyCloseBatch(state: LedgerState, op: CloseBatchOperation): Applied<'closeBatch'> {
  const row = state.providers.get(op.provider);
  if (!row) return refuse(op, 'provider_unknown');
  const { number, amount, chunks, openedAt } = row.batch;
  if (number !== op.batch) return refuse(op, 'out_of_step', { batch: number });
  if (amount === 0n && chunks === 0) return refuse(op, 'batch_empty');
  return {
    result: { ok: true, type: 'closeBatch', amount, chunks },
    changes: {
      provider: { ...row, batch: { number: number + 1, amount: 0n, chunks: 0, openedAt: 0 } },
      batch: { provider: op.provider, number, amount, chunks, openedAt, closedAt: op.at },
    },
  };
}

export function applyVest(state: LedgerState, op: VestOperation): Applied<'vest'> {
  const found = closedBatch(state, op);
  if (!found) return refuse(op, 'batch_unknown');
  const { amount } = found.batch;
  const provider = { ...found.row, vested: found.row.vested + amount };
  const { vested } = provider;
  return {
    result: { ok: true, type: 'vest', amount, vested, payable: payableOf(state, provider) },
    changes: { provider, decidedBatch: found.batch },
  };
}

export function applyForfeit(state: LedgerState, op: ForfeitOperation): Applied<'forfeit'> {
  const found = closedBatch(state, op);
  if (!found) return refuse(op, 'batch_unknown');
  const { amount } = found.batch;
  const provider = { ...found.row, forfeited: found.row.forfeited + amount };
  return {
    result: { ok: true, type: 'forfeit', amount, forfeited: provider.forfeited },
    changes: { provider, decidedBatch: found.batch },
  };
}

export function applyPayout(state: LedgerState, op: PayoutOperation): Applied<'payout'> {
  const row = state.providers.get(op.provider);
  if (!row) return refuse(op, 'provider_unknown');
  const { cumulative, signature } = op;
  const last = row.payout?.cumulative ?? 0n;
  if (cumulative === last) return { result: { ok: true, type: 'payout', cumulative, raised: false } };
  if (cumulative < last) return refuse(op, 'payout_stale', { cumulative: last });
  const payable = payableOf(state, row);
  if (cumulative > payable) return refuse(op, 'payout_over_vested', { payable });
  return {
    result: { ok: true, type: 'payout', cumulative, raised: true },
    changes: { provider: { ...row, payout: { cumulative, signature } } },
  };
}

/**
 * What the chain says was paid, was paid. Where that is more than vested here, an earlier ledger owed it: new work is
 * owed on top. So the chain must be read before a provider's first payout voucher.
 */
export function applyPaid(state: LedgerState, op: PaidOperation): Applied<'paid'> {
  const row = state.providers.get(op.provider) ?? newProvider(op.provider);
  const paid = greater(clampedPico(state, op.cumulative), row.paid);
  const adopted = greater(paid - row.vested - row.carried, 0n);
  return {
    result: { ok: true, type: 'paid', adopted },
    changes: { provider: { ...row, paid, carried: row.carried + adopted } },
  };
}

export function newProvider(provider: Hex): ProviderRow {
  return {
    provider,
    earned: 0n,
    vested: 0n,
    forfeited: 0n,
    carried: 0n,
    paid: 0n,
    batch: { number: 0, amount: 0n, chunks: 0, openedAt: 0 },
    payout: null,
  };
}

function closedBatch(
  state: LedgerState,
  op: VestOperation | ForfeitOperation,
): { batch: BatchRow; row: ProviderRow } | undefined {
  const batch = state.batches.get(batchKey(op.provider, op.batch));
  return batch && { batch, row: state.providers.get(op.provider) as ProviderRow };
}
