import { type Hex, toHex } from '../core/bytes.ts';
import { type Clock, sleep } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { channelIdOf, type ContractPlace, NO_SIGNER } from '../protocol/money/voucher.ts';
import {
  NO_FUNDS,
  type ChainHead,
  type ChainPort,
  type ChannelChange,
  type ChannelFunds,
  type ClosingVoucher,
  type Deposit,
  type Mined,
  type MinedDeposits,
  type OnChainChannel,
  type Opening,
  type TopUp,
} from '../relay/payments/chain-port.ts';
import type {
  ChannelClaim,
  PayoutClaim,
  Sent,
  SettlementChain,
} from '../relay/settlement/settlement-chain.ts';

export interface SimChainOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly place: ContractPlace;
  readonly relay: Hex;
  readonly token: Hex;
  readonly hub: Hex;
  readonly graceSeconds: number;
  readonly blockMs?: number;
}

interface Version {
  readonly block: number;
  readonly state: OnChainChannel;
}

/**
 * The simulation's chain: blocks by the clock, balances of one token, and what both contracts do with them. Signatures
 * are not checked: nothing but the relay's own checks stands before it.
 */
export class SimChain implements ChainPort, SettlementChain {
  readonly balances = new Map<Hex, bigint>();
  /** Requests fail while it is true. */
  down = false;
  readonly #options: SimChainOptions;
  readonly #blockMs: number;
  readonly #genesis: number;
  readonly #channels = new Map<Hex, Version[]>();
  readonly #paid = new Map<Hex, bigint>();
  readonly #nonces = new Set<Hex>();
  readonly #mined = new Map<Hex, MinedDeposits | 'reverted'>();
  /** Blocks of closes, by the numbers of their transactions. */
  readonly #spent = new Map<number, number>();
  #sent = 0;
  /** No block comes any more after this one. */
  #stoppedAt: number | undefined;

  constructor(options: SimChainOptions) {
    this.#options = options;
    this.#blockMs = options.blockMs ?? 1_000;
    this.#genesis = options.clock.now();
  }

  /** Blocks stop, or come again. */
  stopBlocks(stopped: boolean): void {
    this.#stoppedAt = stopped ? this.#block() : undefined;
  }

  balanceOf(account: Hex): bigint {
    return this.balances.get(account) ?? 0n;
  }

  state(id: Hex): OnChainChannel | undefined {
    return this.#channels.get(id)?.at(-1)?.state;
  }

  /**
   * A reorganisation: what happened to a channel last did not happen.
   * @returns puts it back, into the newest block
   */
  undo(id: Hex): () => void {
    const versions = this.#channels.get(id) ?? [];
    const undone = versions.at(-1);
    this.#channels.set(id, versions.slice(0, -1));
    return () => undone && this.#write(undone.state);
  }

  /** The payer asks to close, by itself. */
  async requestClose(id: Hex): Promise<void> {
    await this.#send(() => {
      const closeRequestedAt = Math.floor(this.#options.clock.now() / 1000);
      this.#write({ ...this.#open(id), closeRequestedAt });
    });
  }

  /** The payer takes what is left after the grace period. */
  async withdraw(id: Hex): Promise<void> {
    await this.#send(() => {
      const state = this.#open(id);
      const over = state.closeRequestedAt + this.#options.graceSeconds;
      if (state.closeRequestedAt === 0 || this.#options.clock.now() < over * 1000)
        throw reverted('CloseNotReady');
      this.#finalize(state);
    });
  }

  async head(): Promise<ChainHead> {
    this.#reach();
    const number = this.#block();
    return { number, at: this.#genesis + number * this.#blockMs };
  }

  async channel(id: Hex, block: number): Promise<OnChainChannel | undefined> {
    this.#reach();
    if (block > this.#block())
      throw new CodedError('chain_refused', 'The simulated chain has no such block yet.');
    return this.#channels.get(id)?.findLast((version) => version.block <= block)?.state;
  }

  async changes(from: number, to: number): Promise<ChannelChange[]> {
    this.#reach();
    const all = [...this.#channels].flatMap(([channel, versions]) =>
      versions.map(({ block }, at) => ({ channel, block, mark: `${channel}/${at}/${block}` })),
    );
    return all.filter(({ block }) => block >= from && block <= to);
  }

  async open({ authorization, authorizedSigner, channel, salt }: Opening): Promise<Mined> {
    const { place, relay, token } = this.#options;
    const { from: payer, nonce, value } = authorization;
    return this.#send(() => {
      if (this.#channels.has(channel)) throw reverted('ChannelAlreadyExists');
      if (channelIdOf({ payer, payee: relay, token, salt, authorizedSigner }, place) !== channel)
        throw reverted('NonceMismatch');
      this.#pull(payer, value, nonce);
      const signer = authorizedSigner === NO_SIGNER ? payer : authorizedSigner;
      const fresh = { settled: 0n, closeRequestedAt: 0, finalized: false };
      this.#write({ channel, payer, payee: relay, token, signer, deposit: value, ...fresh });
    }, [{ channel, isOpening: true, amount: value }]);
  }

  async topUp({ authorization, channel }: TopUp): Promise<Mined> {
    const { from, nonce, value } = authorization;
    return this.#send(() => {
      const state = this.#open(channel);
      if (state.closeRequestedAt !== 0) throw reverted('ClosePending');
      this.#pull(from, value, nonce);
      this.#write({ ...state, deposit: state.deposit + value });
    }, [{ channel, isOpening: false, amount: value }]);
  }

  async depositsOf(hash: Hex): Promise<MinedDeposits | undefined> {
    this.#reach();
    const mined = this.#mined.get(hash);
    if (mined === 'reverted') throw reverted('ERC20InsufficientBalance');
    return mined;
  }

  /** Somebody's transaction that is mined and did nothing. */
  fail(): Hex {
    const hash = toHex(this.#options.random.bytes(32));
    this.#mined.set(hash, 'reverted');
    return hash;
  }

  async close(
    { channel, cumulative, nonce }: ClosingVoucher,
    sent: (nonce: number) => Promise<void>,
  ): Promise<Mined> {
    this.#reach();
    const isFree = nonce !== null && !this.#spent.has(nonce);
    const own = isFree ? nonce : this.#sent++;
    await sent(own);
    return this.#send(() => {
      this.#spent.set(own, this.#block());
      const state = this.#open(channel);
      this.#finalize(cumulative > state.settled ? this.#draw(state, cumulative) : state);
    });
  }

  /** A transaction of the relay's account that is none of its closes has this number, in this block. */
  spend(nonce: number, block: number): void {
    this.#spent.set(nonce, block);
  }

  async isSpent(nonce: number, block: number): Promise<boolean> {
    this.#reach();
    const at = this.#spent.get(nonce);
    return at !== undefined && at <= block;
  }

  async mint(to: Hex, amount: bigint): Promise<Mined> {
    return this.#send(() => this.#move(to, amount));
  }

  gasPrice(): Promise<bigint> {
    return Promise.resolve(0n);
  }

  balance(): Promise<bigint> {
    return Promise.resolve(this.balanceOf(this.#options.relay));
  }

  hubBalance(): Promise<bigint> {
    return Promise.resolve(this.balanceOf(this.#options.hub));
  }

  async fundsOf(channels: readonly Hex[]): Promise<readonly ChannelFunds[]> {
    this.#reach();
    return channels.map((id) => this.state(id) ?? NO_FUNDS);
  }

  async paidOf(payees: readonly Hex[]): Promise<readonly bigint[]> {
    this.#reach();
    return payees.map((payee) => this.#paid.get(payee) ?? 0n);
  }

  /** Each transaction is in its block, or nowhere. */
  async finish(): Promise<void> {}

  async settle(claims: readonly ChannelClaim[]): Promise<Sent> {
    const { hash } = await this.#send(() => {
      for (const { channel, cumulative } of claims) {
        const state = this.state(channel);
        if (!state || state.finalized || cumulative <= state.settled || cumulative > state.deposit) continue;
        this.#write(this.#draw(state, cumulative));
      }
    });
    return { transaction: hash };
  }

  async fundHub(amount: bigint): Promise<Sent> {
    const { hub, relay } = this.#options;
    const { hash } = await this.#send(() => {
      this.#move(relay, -amount);
      this.#move(hub, amount);
    });
    return { transaction: hash };
  }

  async redeem(claims: readonly PayoutClaim[]): Promise<Sent> {
    const { hash } = await this.#send(() => {
      for (const { cumulative, payee } of claims) {
        const due = cumulative - (this.#paid.get(payee) ?? 0n);
        if (due <= 0n || due > this.balanceOf(this.#options.hub)) continue;
        this.#move(this.#options.hub, -due);
        this.#move(payee, due);
        this.#paid.set(payee, cumulative);
      }
    });
    return { transaction: hash };
  }

  /** Everything that happens waits for the next block. */
  async #send(run: () => void, deposits: readonly Deposit[] = []): Promise<Mined> {
    this.#reach();
    const { clock, random } = this.#options;
    await sleep(clock, this.#blockMs - ((clock.now() - this.#genesis) % this.#blockMs));
    if (this.#stoppedAt !== undefined)
      throw new CodedError('chain_unreachable', 'The simulated chain stands.');
    run();
    const hash = toHex(random.bytes(32));
    this.#mined.set(hash, { block: this.#block(), deposits });
    return { hash, block: this.#block() };
  }

  #block(): number {
    return this.#stoppedAt ?? Math.floor((this.#options.clock.now() - this.#genesis) / this.#blockMs);
  }

  #reach(): void {
    if (this.down) throw new CodedError('chain_unreachable', 'The simulated chain is down.');
  }

  #open(id: Hex): OnChainChannel {
    const state = this.state(id);
    if (!state) throw reverted('ChannelNotFound');
    if (state.finalized) throw reverted('ChannelFinalized');
    return state;
  }

  #write(state: OnChainChannel): void {
    const versions = this.#channels.get(state.channel) ?? [];
    this.#channels.set(state.channel, [...versions, { block: this.#block(), state }]);
  }

  #draw(state: OnChainChannel, cumulative: bigint): OnChainChannel {
    if (cumulative > state.deposit) throw reverted('AmountExceedsDeposit');
    this.#move(state.payee, cumulative - state.settled);
    return { ...state, settled: cumulative };
  }

  #finalize(state: OnChainChannel): void {
    this.#move(state.payer, state.deposit - state.settled);
    this.#write({ ...state, finalized: true });
  }

  #pull(from: Hex, value: bigint, nonce: Hex): void {
    if (this.#nonces.has(nonce)) throw reverted('ERC3009ConsumedAuthorization');
    if (this.balanceOf(from) < value) throw reverted('ERC20InsufficientBalance');
    this.#nonces.add(nonce);
    this.#move(from, -value);
  }

  #move(account: Hex, amount: bigint): void {
    this.balances.set(account, this.balanceOf(account) + amount);
  }
}

function reverted(reason: string): CodedError {
  return new CodedError('transaction_reverted', `The contract refused: ${reason}.`, { reason });
}
