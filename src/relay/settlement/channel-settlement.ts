import type { Hex } from '../../core/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelRow, LedgerState } from '../ledger/state.ts';
import type { Log } from '../log.ts';
import { batchesOf, type ChannelClaim, type SettlementChain } from './settlement-chain.ts';
import type { VoucherShelf } from './voucher-shelf.ts';

/** What may be drawn from a channel now, in pico. */
function drawableOf(row: ChannelRow, shelf: VoucherShelf, unit: bigint): bigint {
  const claim = shelf.claimOf(row);
  return claim ? claim.cumulative * unit - row.settled : 0n;
}

/** Channels that are to be settled without being asked for: enough came together, or the agent asked to leave. */
export function dueChannels({ channels, unit }: LedgerState, shelf: VoucherShelf, threshold: bigint): Hex[] {
  return [...channels.values()]
    .filter((row) => {
      const drawable = drawableOf(row, shelf, unit);
      return drawable > 0n && (drawable > threshold || row.closeRequestedAt !== 0);
    })
    .map(({ channel }) => channel);
}

/** Channels with anything to draw, the largest first. */
export function drawableChannels({ channels, unit }: LedgerState, shelf: VoucherShelf): Hex[] {
  return [...channels.values()]
    .map((row) => ({ channel: row.channel, drawable: drawableOf(row, shelf, unit) }))
    .filter(({ drawable }) => drawable > 0n)
    .sort((a, b) => (b.drawable > a.drawable ? 1 : -1))
    .map(({ channel }) => channel);
}

/** Told of each transaction. Amounts are pico. */
export interface SettledChannels {
  readonly transaction: Hex;
  readonly channels: number;
  readonly amount: bigint;
}

export interface ChannelSettlementParts {
  readonly ledger: Ledger;
  readonly chain: SettlementChain;
  readonly shelf: VoucherShelf;
  readonly log: Log;
  readonly settled: (what: SettledChannels) => void;
}

/**
 * Draws what was used of these channels and books what the chain says then. After a crash it may be called
 * again: what was drawn already draws nothing.
 * @returns the channels that the contract did not draw from
 * @throws CodedError those of `SettlementChain` and `Ledger.commit`
 */
export async function settleChannels(
  { ledger, chain, shelf, log, settled }: ChannelSettlementParts,
  channels: readonly Hex[],
): Promise<Hex[]> {
  const skipped: Hex[] = [];
  await readSettled(ledger, chain, channels);
  for (const batch of batchesOf(claimsOf(ledger.state, shelf, channels))) {
    const { transaction } = await chain.settle(batch);
    const names = batch.map(({ channel }) => channel);
    const amount = await readSettled(ledger, chain, names);
    settled({ transaction, channels: batch.length, amount });
    for (const { channel } of claimsOf(ledger.state, shelf, names)) {
      skipped.push(channel);
      log.warn({ channel, transaction }, 'The contract did not settle a channel.');
    }
  }
  return skipped;
}

function claimsOf({ channels }: LedgerState, shelf: VoucherShelf, names: readonly Hex[]): ChannelClaim[] {
  return names.flatMap((channel) => {
    const row = channels.get(channel);
    const claim = row && shelf.claimOf(row);
    return claim ? [{ channel, ...claim }] : [];
  });
}

/** Books what the chain says. @returns by how much it grew, in pico */
async function readSettled(
  ledger: Ledger,
  chain: SettlementChain,
  channels: readonly Hex[],
): Promise<bigint> {
  if (channels.length === 0) return 0n;
  const amounts = await chain.settledOf(channels);
  const { state } = ledger;
  const before = channels.map((channel) => state.channels.get(channel)?.settled ?? 0n);
  await ledger.commit(
    channels.flatMap((channel, i) => {
      const cumulative = amounts[i] ?? 0n;
      return cumulative * state.unit > (before[i] ?? 0n)
        ? [{ type: 'settled' as const, id: `settled/${channel}/${cumulative}`, channel, cumulative }]
        : [];
    }),
  );
  return channels.reduce(
    (sum, channel, i) => sum + (state.channels.get(channel)?.settled ?? 0n) - (before[i] ?? 0n),
    0n,
  );
}
