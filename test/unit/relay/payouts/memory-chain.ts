import type { Hex } from '../../../../src/core/bytes.ts';
import { CodedError } from '../../../../src/core/errors.ts';
import type { ChannelFunds } from '../../../../src/relay/payments/chain-port.ts';
import type {
  ChannelClaim,
  PayoutClaim,
  Sent,
  SettlementAt,
  SettlementChain,
} from '../../../../src/relay/settlement/settlement-chain.ts';

/** The two contracts and the token as the relay sees them, in memory. It outlives relays. Amounts are base units. */
export class MemoryChain implements SettlementChain {
  readonly deposits = new Map<Hex, bigint>();
  readonly drawn = new Map<Hex, bigint>();
  readonly paid = new Map<Hex, bigint>();
  /** The relay's own account, and the hub. */
  own = 0n;
  hub = 0n;
  /** Payees that the token refuses. */
  readonly blocked = new Set<Hex>();
  readonly transactions: string[] = [];
  /** The next call that is in no confirmed block in time, once; its effect comes with `mine`. */
  slowNext: string | undefined;
  waiting: (() => void) | undefined;
  /** Before a transaction is sent, or after it took effect, the line goes dead: once. */
  failNext: { call: string; when: 'before' | 'after' } | undefined;
  dead = false;

  /** Wei. */
  gas = 0n;

  mine(): void {
    this.waiting?.();
    this.waiting = undefined;
  }

  finish = async (): Promise<void> => {
    if (this.waiting) throw new CodedError('transaction_unconfirmed', 'A transaction is not confirmed yet.');
  };

  gasPrice = async (): Promise<bigint> => this.#read(this.gas);
  balance = async (): Promise<bigint> => this.#read(this.own);
  hubBalance = async (): Promise<bigint> => this.#read(this.hub);
  fundsOf = async (channels: readonly Hex[], _at: SettlementAt): Promise<ChannelFunds[]> =>
    this.#read(
      channels.map((channel) => ({
        settled: this.drawn.get(channel) ?? 0n,
        deposit: this.deposits.get(channel) ?? 0n,
        finalized: false,
      })),
    );
  paidOf = async (payees: readonly Hex[], _at: SettlementAt): Promise<bigint[]> =>
    this.#read(payees.map((payee) => this.paid.get(payee) ?? 0n));

  settle = (claims: readonly ChannelClaim[]): Promise<Sent> =>
    this.#send('settle', () => {
      for (const { channel, cumulative } of claims) {
        const before = this.drawn.get(channel) ?? 0n;
        if (cumulative <= before || cumulative > (this.deposits.get(channel) ?? 0n)) continue;
        this.drawn.set(channel, cumulative);
        this.own += cumulative - before;
      }
    });

  fundHub = (amount: bigint): Promise<Sent> =>
    this.#send('fund', () => {
      if (amount > this.own) throw new CodedError('transaction_reverted', 'Too little to give.');
      this.own -= amount;
      this.hub += amount;
    });

  redeem = (claims: readonly PayoutClaim[]): Promise<Sent> =>
    this.#send('redeem', () => {
      for (const { payee, cumulative } of claims) {
        const before = this.paid.get(payee) ?? 0n;
        const owed = cumulative - before;
        if (owed <= 0n || owed > this.hub || this.blocked.has(payee)) continue;
        this.paid.set(payee, cumulative);
        this.hub -= owed;
      }
    });

  async #read<T>(value: T): Promise<T> {
    if (this.dead) throw new CodedError('chain_unreachable', 'The chain does not answer.');
    return value;
  }

  async #send(call: string, effect: () => void): Promise<Sent> {
    await this.#read(undefined);
    const failing = this.failNext?.call === call ? this.failNext : undefined;
    if (failing) this.failNext = undefined;
    if (this.slowNext === call) {
      this.slowNext = undefined;
      this.transactions.push(call);
      this.waiting = effect;
      await this.finish();
    }
    if (failing?.when === 'before') throw new CodedError('chain_unreachable', 'The line went dead.');
    effect();
    this.transactions.push(call);
    if (failing) throw new CodedError('chain_unreachable', 'The line went dead.');
    return { transaction: `0x${this.transactions.length.toString(16).padStart(64, '0')}` };
  }
}
