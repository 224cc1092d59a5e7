import type { Hex } from '../../core/bytes.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { ChannelPayment } from './channel-payment.ts';

/** The jobs that channels pay for now: several streams of one channel share what it has. */
export interface RunningPayments {
  add(payment: ChannelPayment): void;
  remove(payment: ChannelPayment): void;
  of(channel: Hex): Iterable<ChannelPayment>;
  readonly channels: Iterable<Hex>;
  /**
   * The channel has more than before: covers its jobs, one chunk each before a second one, the neediest first.
   * Resolves when that is durable.
   */
  spread(channel: Hex): Promise<void>;
}

export function createRunningPayments(ledger: Ledger): RunningPayments {
  const running = new Map<Hex, Set<ChannelPayment>>();

  return {
    get channels() {
      return running.keys();
    },
    add(payment) {
      const { channel } = payment;
      running.set(channel, (running.get(channel) ?? new Set()).add(payment));
    },
    remove(payment) {
      const payments = running.get(payment.channel);
      payments?.delete(payment);
      if (payments?.size === 0) running.delete(payment.channel);
    },
    of: (channel) => running.get(channel) ?? [],
    async spread(channel) {
      const neediest = [...(running.get(channel) ?? [])].sort((a, b) => a.headroom - b.headroom);
      const asked = ([1, 2] as const).flatMap((ahead) =>
        neediest.flatMap((payment) => {
          const operation = payment.coverOperation(ahead);
          return operation ? [{ payment, operation }] : [];
        }),
      );
      if (asked.length === 0) return;
      const results = await ledger.commit(asked.map(({ operation }) => operation));
      // A job that ended meanwhile is refused, and needs nothing.
      for (const [at, result] of results.entries()) if (result.ok) asked[at]?.payment.take(result.covered);
    },
  };
}
