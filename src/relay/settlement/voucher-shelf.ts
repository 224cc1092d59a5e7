import type { Hex } from '../../core/bytes.ts';
import { ceilToBase } from '../../protocol/money/price.ts';
import type { ChannelRow, SignedAmount } from '../ledger/state.ts';
import type { ChannelFunds } from '../payments/chain-port.ts';

/**
 * Agents pay ahead, so a channel's last voucher is often worth more than what they used. Drawing it would keep what is
 * theirs when they close. This shelf remembers the vouchers on the way, so that one can be drawn that was used up.
 */
export interface VoucherShelf {
  /** Takes note of a channel's last voucher. */
  look(row: ChannelRow): void;
  /**
   * What the chain has of a channel now. The ledger's amounts only grow; those of a chain can shrink, where a
   * reorganisation undoes what was confirmed.
   */
  see(channel: Hex, funds: ChannelFunds): void;
  /**
   * The voucher to draw now: of what was used, or, while the agent leaves by itself, all that was signed, or what it signed
   * to close with; as far as the chain has the deposit, and not drawn yet. Nothing while the relay closes the channel.
   */
  claimOf(row: ChannelRow): SignedAmount | undefined;
  /** What `claimOf` would bring, in pico. */
  drawableOf(row: ChannelRow): bigint;
}

/** @param unit pico per base unit */
export function createVoucherShelf(unit: bigint): VoucherShelf {
  const shelves = new Map<Hex, SignedAmount[]>();
  const seen = new Map<Hex, ChannelFunds>();

  /** In base units, as the closing voucher would state it. */
  const used = ({ carried, spent, credited }: ChannelRow): bigint =>
    ceilToBase(carried + spent - credited, unit);

  /** Where the chain was not asked yet: as the ledger knows it. */
  function fundsOf({ channel, deposit, finalized, settled }: ChannelRow): ChannelFunds {
    return seen.get(channel) ?? { deposit: deposit / unit, settled: settled / unit, finalized };
  }

  function look(row: ChannelRow): void {
    const { channel, voucher } = row;
    // A close that is not confirmed may be undone.
    if (row.finalized) return void shelves.delete(channel);
    if (!voucher) return;
    const shelf = shelves.get(channel) ?? [];
    if (shelf.at(-1)?.cumulative !== voucher.cumulative) shelf.push(voucher);
    // The highest that was used up, and those above it.
    const drawable = shelf.findLastIndex(({ cumulative }) => cumulative <= used(row));
    if (drawable > 0) shelf.splice(0, drawable);
    shelves.set(channel, shelf);
  }

  function claimOf(row: ChannelRow): SignedAmount | undefined {
    const { deposit, finalized, settled } = fundsOf(row);
    const within = (claim: SignedAmount | undefined): SignedAmount | undefined =>
      claim && claim.cumulative > settled && claim.cumulative <= deposit ? claim : undefined;
    if (finalized) return undefined;
    // The last word on what is owed, which may be less than what was signed ahead (rule M9). The close pays it, unless the
    // payer leaves by itself before that.
    if (row.closing) return row.closeRequestedAt === 0 ? undefined : within(row.closing);
    if (!row.voucher) return undefined;
    look(row);
    const most = row.closeRequestedAt !== 0 ? row.voucher.cumulative : used(row);
    const shelf = shelves.get(row.channel);
    return within(shelf?.findLast(({ cumulative }) => cumulative <= most && cumulative <= deposit));
  }

  return {
    look,
    see: (channel, funds) => void seen.set(channel, funds),
    claimOf,
    drawableOf(row) {
      const claim = claimOf(row);
      return claim ? (claim.cumulative - fundsOf(row).settled) * unit : 0n;
    },
  };
}
