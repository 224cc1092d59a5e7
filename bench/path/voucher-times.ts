import type { LocalNetwork, NetworkTab } from '../../scripts/network/local-network.ts';
import { median, quantile } from '../quantile.ts';

/** From a chunk's payment in the ledger to the tab's own durable voucher for it, in ms: batch, signature and wire. */
export interface VoucherTimes {
  readonly chunks: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Follows one tab's money from its first job on. `begin` starts the clock, `stop` waits for the last voucher and tells. */
export function watchVouchers(
  network: LocalNetwork,
  { tab, account }: NetworkTab,
): { begin(): void; stop(): Promise<VoucherTimes> } {
  const accrued: { at: number; total: bigint }[] = [];
  const kept: { at: number; worth: bigint }[] = [];
  let total = 0n;
  const off = network.server.relay.onPayment((event) => {
    if (event.type !== 'accrued' || event.provider !== account) return;
    total += event.accrued;
    accrued.push({ at: event.at, total });
  });
  const look = async (): Promise<void> => {
    const voucher = (await tab.status()).income?.voucher;
    if (voucher && voucher.keptAt !== kept.at(-1)?.at)
      kept.push({ at: voucher.keptAt, worth: BigInt(voucher.worth) });
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    begin() {
      accrued.length = 0;
      timer = setInterval(() => void look(), 50);
    },
    async stop() {
      off();
      await new Promise((resolve) => setTimeout(resolve, 7_000));
      clearInterval(timer);
      await look();
      const times = accrued.flatMap(({ at, total: due }) => {
        // A voucher is rounded down to the coin's unit.
        const voucher = kept.find(({ worth }) => worth >= due - (due % UNIT));
        return voucher ? [voucher.at - at] : [];
      });
      return {
        chunks: times.length,
        p50Ms: Math.round(median(times)),
        p99Ms: Math.round(quantile(times, 0.99)),
      };
    },
  };
}

/** Pico in a base unit. */
const UNIT = 1_000_000n;
