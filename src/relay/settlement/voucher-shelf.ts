import type { Hex } from '../../core/bytes.ts';
import { ceilToBase } from '../../protocol/money/price.ts';
import type { ChannelRow, SignedAmount } from '../ledger/state.ts';

/**
 * Agents pay ahead, so a channel's last voucher is often worth more than what they used. Drawing it would keep what is
 * theirs when they close. This shelf remembers the vouchers on the way, so that one can be drawn that was used up.
 */
export interface VoucherShelf {
  /** Takes note of a channel's last voucher. */
  look(row: ChannelRow): void;
  /** The voucher to draw now: of what was used, or, while a close is pending, all that was signed. */
  claimOf(row: ChannelRow): SignedAmount | undefined;
}

/** @param unit pico per base unit */
export function createVoucherShelf(unit: bigint): VoucherShelf {
  const shelves = new Map<Hex, SignedAmount[]>();

  /** In base units, as the closing voucher would state it. */
  const used = ({ carried, spent, credited }: ChannelRow): bigint =>
    ceilToBase(carried + spent - credited, unit);

  function look(row: ChannelRow): void {
    const { channel, finalized, voucher } = row;
    if (finalized) return void shelves.delete(channel);
    if (!voucher) return;
    const shelf = shelves.get(channel) ?? [];
    if (shelf.at(-1)?.cumulative !== voucher.cumulative) shelf.push(voucher);
    // The highest that was used up, and those above it.
    const drawable = shelf.findLastIndex(({ cumulative }) => cumulative <= used(row));
    if (drawable > 0) shelf.splice(0, drawable);
    shelves.set(channel, shelf);
  }

  return {
    look,
    claimOf(row) {
      if (row.finalized || !row.voucher) return undefined;
      look(row);
      const isClosing = row.closeRequestedAt !== 0;
      const claim = isClosing
        ? row.voucher
        : shelves.get(row.channel)?.findLast(({ cumulative }) => cumulative <= used(row));
      return claim && claim.cumulative * unit > row.settled ? claim : undefined;
    },
  };
}
