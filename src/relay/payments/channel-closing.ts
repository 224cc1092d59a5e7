import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError, errorBody } from '../../core/errors.ts';
import { type Random, randomId } from '../../core/random.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow, Closing } from '../ledger/state.ts';
import type { ChainHead, ChainPort } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { ClosePayload } from './credential.ts';
import { askAgain } from './asking.ts';
import type { PaymentListener } from './payment-events.ts';
import { reasonOf, refusalError } from './refusal.ts';
import type { VoucherIntake } from './voucher-intake.ts';

/** Between two tries to carry a close out. */
const RETRY_MS = 5_000;

export interface ClosingParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly intake: VoucherIntake;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly reader: ChannelReader;
}

/** What a close did on the chain, in base units. */
export interface ClosedChannel {
  /** Null where it was a transaction of an earlier process, or somebody else's. */
  readonly txHash: Hex | null;
  /** To the relay, in all. */
  readonly settled: bigint;
  /** To the payer. */
  readonly refunded: bigint;
}

/** Closes that agents signed for. One that was taken is carried out however long it takes (rule M15). */
export interface ChannelClosing {
  /**
   * Closes a channel with what its agent signed for this: at least what it used. Nothing may be held for a stream on it.
   * The same amount again joins the close that is on its way; after an error of the chain it goes on by itself.
   * @throws CodedError `channel_unknown`, `voucher_signature`, `channel_closed`, `channel_closing`, `channel_busy`,
   * `voucher_insufficient` (with `required`), `voucher_over_deposit`; `close_failed`: the channel is open again;
   * `chain_unreachable`, `chain_slow`: it is on its way
   */
  close(payload: ClosePayload): Promise<ClosedChannel>;
  /** Goes on with the closes that an earlier process had taken. */
  resume(): void;
  stop(): void;
}

export function createChannelClosing(parts: ClosingParts): ChannelClosing {
  const { chain, clock, emit, intake, ledger, random, reader } = parts;
  const { state } = ledger;
  const tries = new Map<Hex, Promise<ClosedChannel>>();
  const retries = new Map<Hex, () => void>();
  let stopped = false;

  const closingOf = (channel: Hex): Closing | null => state.channels.get(channel)?.closing ?? null;

  /** One try at a time: who asks meanwhile hears of that one. */
  function carryOut(channel: Hex): Promise<ClosedChannel> {
    const running = tries.get(channel);
    if (running) return running;
    retries.get(channel)?.();
    const attempt = tryOnce(channel).finally(() => tries.delete(channel));
    tries.set(channel, attempt);
    attempt.catch((error: unknown) => goOn(channel, error));
    return attempt;
  }

  function goOn(channel: Hex, error: unknown): void {
    if (stopped || !closingOf(channel)) return;
    const { code, message } = errorBody(error);
    emit({ type: 'closeDelayed', at: clock.now(), channel, code, message });
    // Who asked hears of each try; nobody need ask again.
    const undo = clock.after(RETRY_MS, () => void carryOut(channel).catch(() => {}));
    retries.set(channel, undo);
  }

  async function tryOnce(channel: Hex): Promise<ClosedChannel> {
    const closing = closingOf(channel) as Closing;
    let hash: Hex | null = null;
    let confirmed: ChainHead | undefined;
    let failure: CodedError | undefined;
    try {
      const mined = await chain.close({ channel, ...closing }, (nonce) => noteSent(channel, nonce));
      confirmed = await reader.confirm(mined.block);
      ({ hash } = mined);
    } catch (error) {
      if (!isFinal(error)) throw error;
      failure = error;
    }
    const head = confirmed ?? (await chain.head());
    const row = await reader.refresh(channel, head);
    if (row?.finalized) return concluded(row, hash);
    if (failure?.code === 'transaction_reverted' && (await isOver(channel, head)))
      await reopen(channel, failure);
    throw new CodedError('chain_slow', 'The chain has not confirmed the close yet.', undefined, failure);
  }

  async function noteSent(channel: Hex, nonce: number): Promise<void> {
    const id = `closeSent/${randomId(random)}`;
    const [result] = await ledger.commit([{ type: 'closeSent', id, channel, nonce }]);
    if (!result.ok) throw refusalError(result);
  }

  /**
   * Nothing that was signed for the close can take effect any more. All is asked of the block that the channel was read
   * at: a later one may have the close itself, whose number would count against it.
   */
  async function isOver(channel: Hex, head: ChainHead): Promise<boolean> {
    const { nonce } = closingOf(channel) as Closing;
    const confirmed = reader.confirmedBlock(head);
    if (nonce !== null && !(await askAgain(clock, () => chain.isSpent(nonce, confirmed)))) return false;
    const newest = await reader.read(channel, head.number);
    return newest !== undefined && !newest.finalized;
  }

  /** @throws CodedError `close_failed` */
  async function reopen(channel: Hex, failure: CodedError): Promise<void> {
    const { cumulative } = closingOf(channel) as Closing;
    const id = `reopen/${randomId(random)}`;
    const [result] = await ledger.commit([{ type: 'reopen', id, channel, cumulative }]);
    if (!result.ok) throw refusalError(result);
    const reason = reasonOf(failure);
    throw new CodedError('close_failed', `The channel could not be closed: ${reason}.`, { reason }, failure);
  }

  function concluded({ channel, deposit, settled }: ChannelRow, tx: Hex | null): ClosedChannel {
    const paid = settled / state.unit;
    const refunded = (deposit - settled) / state.unit;
    emit({ type: 'channelClosed', at: clock.now(), channel, settled: paid, refunded, tx });
    return { txHash: tx, settled: paid, refunded };
  }

  return {
    async close(payload) {
      const { channel } = intake.authenticate(payload);
      const { cumulativeAmount: cumulative, signature } = payload;
      const id = `close/${randomId(random)}`;
      const [result] = await ledger.commit([{ type: 'close', id, channel, cumulative, signature }]);
      if (!result.ok) throw refusalError(result);
      return carryOut(channel).catch((error: unknown) => {
        throw asDelay(error);
      });
    },
    resume() {
      for (const { channel, closing, finalized } of state.channels.values())
        if (closing && !finalized) void carryOut(channel).catch(() => {});
    },
    stop() {
      stopped = true;
      for (const undo of retries.values()) undo();
    },
  };
}

/** What holds up a try, and is over some time: the close that was taken goes on by itself. */
function asDelay(error: unknown): unknown {
  if (!(error instanceof CodedError) || !/^(chain|transaction|account)_/.test(error.code)) return error;
  if (error.code === 'chain_slow' || error.code === 'chain_unreachable') return error;
  const message = 'The close is taken and not carried out yet: the relay goes on with it by itself.';
  return new CodedError('chain_slow', message, undefined, error);
}

/** Errors after which the chain says what became of the close. */
function isFinal(error: unknown): error is CodedError {
  const isCoded = error instanceof CodedError;
  return isCoded && (error.code === 'transaction_reverted' || error.code === 'transaction_replaced');
}
