import type { Hex } from '../../core/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { LedgerState } from '../ledger/state.ts';
import type { Log } from '../log.ts';
import { NO_FUNDS } from '../payments/chain-port.ts';
import { batchesOf, type ChannelClaim, type SettlementChain } from './settlement-chain.ts';
import type { VoucherShelf } from './voucher-shelf.ts';

/**
 * Channels that are to be settled without being asked for: enough came together, or the agent asked to leave.
 * @param threshold in pico; undefined: nothing is enough
 */
export function dueChannels(
  { channels }: LedgerState,
  shelf: VoucherShelf,
  threshold: bigint | undefined,
): Hex[] {
  const isEnough = (drawable: bigint): boolean => threshold !== undefined && drawable > threshold;
  return [...channels.values()]
    .filter((row) => {
      const drawable = shelf.drawableOf(row);
      return drawable > 0n && (isEnough(drawable) || row.closeRequestedAt !== 0);
    })
    .map(({ channel }) => channel);
}

/** Channels with anything to draw, the largest first. */
export function drawableChannels({ channels }: LedgerState, shelf: VoucherShelf): Hex[] {
  return [...channels.values()]
    .map((row) => ({ channel: row.channel, drawable: shelf.drawableOf(row) }))
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

/** What came of it. */
export interface ChannelSettlement {
  /** The channels that the contract did not draw from. */
  readonly skipped: readonly Hex[];
  /** How many channels have theirs drawn in a block that is not confirmed yet: they are booked when it is. */
  readonly unconfirmed: number;
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
 * again: what was drawn already, in whatever block, is not sent again.
 * @throws CodedError those of `SettlementChain` and `Ledger.commit`
 */
export async function settleChannels(
  parts: ChannelSettlementParts,
  channels: readonly Hex[],
): Promise<ChannelSettlement> {
  const { ledger, chain, shelf, log, settled } = parts;
  const skipped: Hex[] = [];
  const before = await readFunds(parts, channels);
  const claims = claimsOf(ledger.state, shelf, channels);
  const open = await undrawn(chain, claims);
  for (const batch of batchesOf(open)) {
    const { transaction } = await chain.settle(batch);
    const names = batch.map(({ channel }) => channel);
    const after = await readFunds(parts, names);
    const drawn = [...after].reduce((sum, [name, amount]) => sum + amount - (before.get(name) ?? 0n), 0n);
    settled({ transaction, channels: batch.length, amount: drawn * ledger.state.unit });
    const left = new Set(claimsOf(ledger.state, shelf, names).map(({ channel }) => channel));
    for (const { channel, cumulative } of batch) {
      // What was used since it was sent is no part of it.
      if (!left.has(channel) || (after.get(channel) ?? 0n) >= cumulative) continue;
      skipped.push(channel);
      log.warn({ channel, transaction }, 'The contract did not settle a channel.');
    }
  }
  return { skipped, unconfirmed: claims.length - open.length };
}

/** The claims that the newest block leaves to be made. */
async function undrawn(chain: SettlementChain, claims: readonly ChannelClaim[]): Promise<ChannelClaim[]> {
  if (claims.length === 0) return [];
  const funds = await chain.fundsOf(
    claims.map(({ channel }) => channel),
    'newest',
  );
  return claims.filter(({ cumulative }, at) => {
    const { finalized, settled } = funds[at] ?? NO_FUNDS;
    return !finalized && settled < cumulative;
  });
}

function claimsOf({ channels }: LedgerState, shelf: VoucherShelf, names: readonly Hex[]): ChannelClaim[] {
  return names.flatMap((channel) => {
    const row = channels.get(channel);
    const claim = row && shelf.claimOf(row);
    return claim ? [{ channel, ...claim }] : [];
  });
}

/** Takes in what the chain has of channels, and books what grew. @returns what was drawn of each, in base units */
async function readFunds(
  { ledger, chain, shelf }: ChannelSettlementParts,
  channels: readonly Hex[],
): Promise<ReadonlyMap<Hex, bigint>> {
  if (channels.length === 0) return new Map();
  const funds = await chain.fundsOf(channels, 'confirmed');
  const drawn = new Map(channels.map((channel, at) => [channel, funds[at]?.settled ?? 0n]));
  for (const [at, channel] of channels.entries()) shelf.see(channel, funds[at] ?? NO_FUNDS);
  const { state } = ledger;
  await ledger.commit(
    [...drawn].flatMap(([channel, cumulative]) =>
      cumulative * state.unit > (state.channels.get(channel)?.settled ?? 0n)
        ? [{ type: 'settled' as const, id: `settled/${channel}/${cumulative}`, channel, cumulative }]
        : [],
    ),
  );
  return drawn;
}
