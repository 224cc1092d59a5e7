import { unreachable } from '../../core/errors.ts';
import { type Applied, refuse } from './applied.ts';
import { applyClose, applyCloseSent, applyReopen } from './close-operations.ts';
import { applyChannel, applyRefund, applySettled, applyVoucher } from './channel-operations.ts';
import { applyCover, applyRelease, applyReserve } from './job-operations.ts';
import type { Operation } from './operation.ts';
import { applyCloseBatch, applyForfeit, applyPaid, applyPayout, applyVest } from './payout-operations.ts';
import type { LedgerState } from './state.ts';
import { applyStep } from './steps.ts';
import { faultOf } from './well-formed.ts';

/**
 * The ledger's one rule of change: what an operation answers and which rows it leaves behind. Pure; `record` writes
 * the rows into a state. Every ledger runs this function, and the simulation too.
 */
export function apply(state: LedgerState, op: Operation): Applied {
  const before = state.results.get(op.id);
  if (before) return before.type === op.type ? { result: before } : refuse(op, 'id_reused');
  const fault = faultOf(op);
  return fault === undefined ? dispatch(state, op) : refuse(op, 'operation_invalid', { field: fault });
}

function dispatch(state: LedgerState, op: Operation): Applied {
  switch (op.type) {
    case 'channel':
      return applyChannel(state, op);
    case 'voucher':
      return applyVoucher(state, op);
    case 'reserve':
      return applyReserve(state, op);
    case 'cover':
      return applyCover(state, op);
    case 'chunk':
    case 'tail':
    case 'finish':
      return applyStep(state, op);
    case 'release':
      return applyRelease(state, op);
    case 'refund':
      return applyRefund(state, op);
    case 'closeBatch':
      return applyCloseBatch(state, op);
    case 'vest':
      return applyVest(state, op);
    case 'forfeit':
      return applyForfeit(state, op);
    case 'payout':
      return applyPayout(state, op);
    case 'close':
      return applyClose(state, op);
    case 'closeSent':
      return applyCloseSent(state, op);
    case 'reopen':
      return applyReopen(state, op);
    case 'settled':
      return applySettled(state, op);
    case 'paid':
      return applyPaid(state, op);
    case 'receipt':
      return { result: { ok: true, type: 'receipt' }, changes: { receipt: op.receipt } };
    default:
      return unreachable(op);
  }
}
