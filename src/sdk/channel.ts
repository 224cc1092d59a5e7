import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import type { Challenge } from './challenge.ts';
import { type ChannelRecord, parseRecord, writeRecord } from './channel-record.ts';
import type { EventSource } from './client-events.ts';
import type { SignedVoucher } from './credential.ts';
import { createLane, type Lane } from './lane.ts';
import { signVoucher } from './payment-signing.ts';
import type { PaymentTerms } from './payment-terms.ts';
import type { RelayEndpoint } from './relay-endpoint.ts';
import { createSpending, type Spending } from './spending.ts';
import { accountOf, type Wallet } from './wallet.ts';

export interface ChannelParts {
  readonly relay: RelayEndpoint;
  readonly wallet: Wallet;
  readonly terms: PaymentTerms;
  readonly clock: Clock;
  readonly random: Random;
  readonly events: EventSource;
  /** Base units that all vouchers of this client may reach at most. */
  readonly budget: bigint;
  /** Base units to open a channel with. */
  readonly deposit: bigint;
  /** A record of an earlier run. */
  readonly saved?: string | undefined;
  /** Called before anything that the record speaks of leaves this process. */
  readonly save?: ((state: string) => void | Promise<void>) | undefined;
}

/** A client's channel as it stands; amounts in base units but for pico where said. */
export interface ChannelSnapshot {
  readonly channelId: Hex;
  readonly phase: ChannelRecord['phase'];
  readonly deposit: bigint;
  /** The highest voucher signed. */
  readonly signed: bigint;
  /** Pico: cost of all ended jobs. */
  readonly spent: bigint;
  /** Streams that run. */
  readonly live: number;
}

/** The one channel of a client: its record, its counter and the order of its vouchers. */
export class Channel {
  readonly parts: ChannelParts;
  readonly lane: Lane = createLane();
  readonly spending: Spending;
  /** The highest voucher that the relay said it holds. */
  acknowledged = 0n;
  /** The relay has said in this run that the channel is open. */
  isChecked = false;
  /** The newest challenge: credentials repeat one. */
  challenge: Challenge | undefined;
  #record: ChannelRecord | undefined;
  readonly #saves: Lane = createLane();

  /** @throws CodedError `state_malformed`, `state_foreign` */
  constructor(parts: ChannelParts) {
    this.parts = parts;
    const record = parts.saved === undefined ? undefined : parseRecord(parts.saved);
    if (record) checkOwner(record, parts);
    this.#record = record?.phase === 'closed' ? undefined : record;
    this.spending = createSpending({
      unit: parts.terms.unit,
      limit: () => this.limit,
      settled: this.#record?.settled ?? 0n,
      unclear: (this.#record?.unclear ?? []).map(({ id, commitment }) => ({
        id: id ?? undefined,
        commitment,
      })),
    });
  }

  get record(): ChannelRecord | undefined {
    return this.#record;
  }

  /** Base units that vouchers may reach. */
  get limit(): bigint {
    const { budget, deposit } = this.parts;
    const held = this.#record?.deposit ?? deposit;
    return held < budget ? held : budget;
  }

  snapshot(): ChannelSnapshot | undefined {
    if (!this.#record) return undefined;
    const { channelId, phase, deposit, signed } = this.#record;
    return {
      channelId,
      phase,
      deposit,
      signed,
      spent: this.spending.settled,
      live: this.spending.jobs.size,
    };
  }

  /** The record with all that runs as unclear: what a process that ends now must remember. */
  export(): string | undefined {
    if (!this.#record) return undefined;
    const { jobs, settled, unclear } = this.spending;
    const open = [
      ...[...unclear.values()].map(({ id, commitment }) => ({ id: id ?? null, commitment })),
      ...[...jobs].map((job) => ({ id: job.id ?? null, commitment: this.spending.commitment(job) })),
    ];
    return writeRecord({ ...this.#record, settled, unclear: open });
  }

  /** Changes the record and waits until it is kept: one write after the other, each of what is newest by then. */
  keep(record = this.#record): Promise<void> {
    this.#record = record;
    const { save } = this.parts;
    if (!save || !record) return Promise.resolve();
    return this.#saves.run(async () => save(this.export() ?? ''));
  }

  /** The channel is no more, or never was: the next one starts from nothing. */
  forget(): void {
    this.#record = undefined;
    this.isChecked = false;
    this.acknowledged = 0n;
    this.spending.settleAll(0n);
  }

  /**
   * The voucher that is due now: the last one where that is enough. Only within the lane.
   * @throws CodedError `channel_missing`, `wallet_refused`, `overcommitted`
   */
  async voucher(): Promise<SignedVoucher> {
    const record = this.#record;
    if (!record) throw new CodedError('channel_missing', 'There is no open channel.');
    const { channelId, signed, signature } = record;
    const due = this.spending.due();
    if (due <= signed) return { channelId, cumulative: signed, signature };
    this.spending.assertJustified(due);
    const voucher = await signVoucher(this.parts.wallet, record, channelId, due);
    await this.keep({ ...record, signed: due, signature: voucher.signature });
    return voucher;
  }

  /** The relay said that it holds this much. */
  acknowledge(accepted: bigint): void {
    const record = this.#record;
    if (!record || accepted <= this.acknowledged || accepted > record.signed) return;
    this.acknowledged = accepted;
    this.parts.events.emit({ type: 'voucher', channelId: record.channelId, cumulative: accepted });
  }
}

function checkOwner(record: ChannelRecord, { relay, wallet, terms }: ChannelParts): void {
  const isOurs =
    record.relay === relay.url &&
    record.payer === accountOf(wallet) &&
    record.chainId === terms.chainId &&
    record.escrow === terms.escrow &&
    record.token === terms.token &&
    record.payee === terms.payee;
  if (isOurs) return;
  throw new CodedError('state_foreign', 'This state is of a channel of another wallet, relay or contract.', {
    channelId: record.channelId,
    relay: record.relay,
    payer: record.payer,
  });
}
