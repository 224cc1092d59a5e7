import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { openNonce, receiveDigester, topUpNonce } from '../../protocol/money/authorization.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER } from '../../protocol/money/voucher.ts';
import { isEnding } from '../ledger/amounts.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChainHead, ChainPort, Deposit, OnChainChannel } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { DepositAuthorization, OpenPayload, TopUpPayload } from './credential.ts';
import { voucherOf } from './credential.ts';
import type { OwnDeposits } from './own-deposits.ts';
import type { PaymentListener } from './payment-events.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { reasonOf, refused } from './refusal.ts';
import { createShownDeposits } from './shown-deposits.ts';
import type { Sponsorship } from './sponsorship.ts';
import type { VoucherIntake } from './voucher-intake.ts';

export interface OpeningParts {
  readonly chain: ChainPort;
  readonly clock: Clock;
  readonly emit: PaymentListener;
  readonly intake: VoucherIntake;
  readonly reader: ChannelReader;
  readonly recover: Recover;
  readonly sponsorship: Sponsorship;
  readonly terms: PaymentTerms;
  readonly known: (channel: Hex) => ChannelRow | undefined;
  readonly own: OwnDeposits;
}

type OwnOpening = Extract<OpenPayload, { type: 'hash' }>;

/** A transaction for a deposit that is confirmed; without a hash it was not the relay's own. */
interface ConfirmedDeposit {
  /** The newest block, in which it is confirmed. */
  readonly head: ChainHead;
  readonly hash?: Hex;
}

/** Who a channel that is being opened belongs to. */
export interface PendingChannel {
  readonly payer: Hex;
  readonly signer: Hex;
}

/** Deposits into channels, paid for by the relay where the agent signed an authorization. */
export interface ChannelOpening {
  /** Channels whose transaction is on its way. */
  readonly pending: ReadonlyMap<Hex, PendingChannel>;
  /**
   * Resolves with the confirmed channel; a channel that is open already is no error, nor is somebody else's faster
   * transaction. @throws CodedError `voucher_wrong_channel`, `voucher_signature`, `voucher_over_deposit`,
   * `voucher_malformed`, `deposit_too_small`, `nonce_reused`, `open_failed`, `sponsor_limit`, `too_many_waiting`,
   * `chain_unreachable`, `chain_slow`
   */
  open(payload: OpenPayload, ip: string): Promise<ChannelRow>;
  /** @throws CodedError `channel_unknown`, `channel_closing`, `channel_closed`, `top_up_failed`, and as `open` */
  topUp(payload: TopUpPayload, ip: string): Promise<ChannelRow>;
}

export function createChannelOpening(parts: OpeningParts): ChannelOpening {
  const { chain, clock, emit, intake, known, own, reader, recover, sponsorship, terms } = parts;
  const { chainId, escrow, relay, token } = terms;
  const digestOf = receiveDigester({
    name: terms.tokenName,
    version: terms.tokenVersion,
    chainId: BigInt(chainId),
    verifyingContract: token,
  });
  const pending = new Map<Hex, PendingChannel>();
  const opening = new Map<Hex, Promise<ChannelRow>>();
  const shown = createShownDeposits();

  function checkAuthorization(
    { authorization, signature }: { authorization: DepositAuthorization; signature: Hex },
    nonce: Hex,
    code: string,
  ): void {
    if (!terms.feePayer) {
      const message = 'This relay submits no authorizations: open and top up by a transaction of your own.';
      throw new CodedError('authorization_unsupported', message, { token });
    }
    const { from, to, validBefore, nonce: given } = authorization;
    const fault = (message: string): CodedError => new CodedError(code, message);
    if (to !== escrow) throw fault('The authorization is not for the escrow of this relay.');
    if (given !== nonce) throw fault("The authorization's nonce is not the one of this deposit.");
    if (validBefore * 1000n <= BigInt(clock.now())) throw fault('The authorization is no longer valid.');
    if (signerOf(digestOf(authorization), signature) !== from)
      throw fault('The authorization is not signed by the account that it takes from.');
  }

  function signerOf(digest: Hex, signature: Hex): Hex | undefined {
    try {
      return recover(digest, signature);
    } catch (error) {
      if (error instanceof CodedError) return undefined;
      throw error;
    }
  }

  /** The payload's id, payer, signer and first voucher fit each other. @returns who signs vouchers */
  function checkOpening(payload: OpenPayload, payer: Hex): Hex {
    const authorizedSigner = payload.authorizedSigner ?? NO_SIGNER;
    const named = { payer, payee: relay, token, salt: payload.salt, authorizedSigner };
    if (channelIdOf(named, { chainId, contract: escrow }) !== payload.channelId) {
      const message = 'The channel id is not that of a channel from this payer to this relay.';
      throw new CodedError('voucher_wrong_channel', message);
    }
    const signer = authorizedSigner === NO_SIGNER ? payer : authorizedSigner;
    const voucher = voucherOf(payload);
    if (!voucher || !intake.isSignedBy(signer, voucher))
      throw new CodedError('voucher_signature', "The first voucher is not signed by the channel's signer.");
    return signer;
  }

  async function openNew(payload: OpenPayload, ip: string): Promise<ChannelRow> {
    const { head, hash: tx } =
      payload.type === 'hash' ? await awaitOpening(payload, ip) : await sendOpening(payload, ip);
    // At the block that showed it: the next node to be asked may lag behind that one.
    const row = await reader.refresh(payload.channelId, head);
    if (!row) throw new CodedError('open_failed', 'This transaction opened no such channel to this relay.');
    const deposit = row.deposit / unit;
    emit({ type: 'channelOpened', at: clock.now(), channel: row.channel, payer: row.payer, deposit, tx });
    return row;
  }

  const unit = 10n ** BigInt(12 - terms.tokenDecimals);

  function checkDeposit(deposit: bigint): void {
    if (deposit >= terms.minDeposit) return;
    const minDeposit = String(terms.minDeposit);
    const message = `The deposit must be at least ${minDeposit} base units.`;
    throw new CodedError('deposit_too_small', message, { minDeposit });
  }

  /**
   * An opening by the agent's own transaction. What can be checked is checked before the chain is asked: anybody may show
   * any hash, and each that is waited for costs questions.
   */
  async function awaitOpening(payload: OwnOpening, ip: string): Promise<ConfirmedDeposit> {
    const { channelId, hash } = payload;
    checkOpening(payload, payerOf(payload));
    const head = await own
      .confirm(hash, ip, (deposits) => {
        if (deposits.some(({ channel, isOpening }) => isOpening && channel === channelId)) return;
        throw new CodedError('open_failed', 'This transaction opened no such channel to this relay.');
      })
      .catch((error: unknown) => {
        throw asFailure(error, 'open_failed', 'The channel was not opened');
      });
    // Later top-ups count. Too small a channel never gets into the ledger.
    checkDeposit((await reader.read(channelId, head.number))?.deposit ?? 0n);
    return { head, hash };
  }

  /** Who opened it, by its own word or its voucher; the channel's id tells whether that is so. */
  function payerOf(payload: OwnOpening): Hex {
    const isSigner = (payload.authorizedSigner ?? NO_SIGNER) === NO_SIGNER;
    const voucher = voucherOf(payload);
    const payer = payload.payer ?? (isSigner && voucher ? intake.signerOf(voucher) : undefined);
    if (payer !== undefined) return payer;
    if (isSigner) throw new CodedError('voucher_signature', 'The first voucher is not signed.');
    const message = 'An opening by a transaction whose vouchers somebody else signs needs a source.';
    throw new CodedError('voucher_malformed', message, { field: 'source' });
  }

  async function sendOpening(
    payload: Extract<OpenPayload, { type: 'authorization' }>,
    ip: string,
  ): Promise<ConfirmedDeposit> {
    const { authorization, channelId, salt, signature } = payload;
    const { from: payer, value } = authorization;
    const authorizedSigner = payload.authorizedSigner ?? NO_SIGNER;
    const signer = checkOpening(payload, payer);
    checkDeposit(value);
    if (payload.cumulativeAmount > value) throw refused('voucher_over_deposit');
    checkAuthorization(
      payload,
      openNonce({ payer, payee: relay, token, salt, authorizedSigner }),
      'open_failed',
    );
    sponsorship.take(payer, ip);
    pending.set(channelId, { payer, signer });
    try {
      const { block, hash } = await chain.open({
        channel: channelId,
        salt,
        authorizedSigner,
        authorization,
        signature,
      });
      return { head: await reader.confirm(block), hash };
    } catch (error) {
      // Somebody else may have sent the same authorization, or a reorganisation have brought an earlier try back: then
      // the channel is there, as it was ordered.
      const head = isRefusal(error) ? await reader.confirmState(channelId, () => true) : undefined;
      if (head) return { head };
      throw asFailure(error, 'open_failed', 'The channel could not be opened');
    } finally {
      pending.delete(channelId);
    }
  }

  return {
    pending,
    open(payload, ip) {
      const row = known(payload.channelId);
      if (row) {
        checkOpening(payload, row.payer);
        return Promise.resolve(row);
      }
      const running = opening.get(payload.channelId);
      if (running) return running;
      const promise = openNew(payload, ip).finally(() => opening.delete(payload.channelId));
      opening.set(payload.channelId, promise);
      return promise;
    },
    async topUp(payload, ip) {
      const { channelId: channel } = payload;
      const row = known(channel);
      if (!row) throw refused('channel_unknown');
      if (row.finalized) throw refused('channel_closed');
      if (isEnding(row)) throw refused('channel_closing');
      if (payload.type === 'authorization') {
        const head = await sendTopUp(payload, row, ip);
        return (await reader.refresh(channel, head)) ?? row;
      }
      const { additionalDeposit, hash } = payload;
      await shown.count(`${channel}/${hash}/${additionalDeposit}`, async () =>
        reader.refresh(channel, await awaitTopUp(payload, ip)),
      );
      return known(channel) ?? row;
    },
  };

  /** A top-up by a transaction of the agent's own, of this channel and by this amount. */
  async function awaitTopUp(
    { additionalDeposit, channelId, hash }: Extract<TopUpPayload, { type: 'hash' }>,
    ip: string,
  ): Promise<ChainHead> {
    const isIt = ({ amount, channel, isOpening }: Deposit): boolean =>
      !isOpening && channel === channelId && amount === additionalDeposit;
    try {
      return await own.confirm(hash, ip, (deposits) => {
        if (!deposits.some(isIt))
          throw new CodedError('top_up_failed', 'This transaction made no such top-up of this channel.');
      });
    } catch (error) {
      throw asFailure(error, 'top_up_failed', 'The top-up was not made');
    }
  }

  async function sendTopUp(
    {
      additionalDeposit,
      authorization,
      channelId,
      salt,
      signature,
    }: Extract<TopUpPayload, { type: 'authorization' }>,
    row: ChannelRow,
    ip: string,
  ): Promise<ChainHead> {
    const { from, value } = authorization;
    if (value !== additionalDeposit)
      throw new CodedError('top_up_failed', 'The authorization is for another amount than the top-up.');
    checkAuthorization(
      { authorization, signature },
      topUpNonce(channelId, value, { from, salt }),
      'top_up_failed',
    );
    sponsorship.take(from, ip);
    try {
      const { block } = await chain.topUp({ channel: channelId, salt, authorization, signature });
      return await reader.confirm(block);
    } catch (error) {
      // Somebody else may have sent the same authorization: then the deposit has grown, as it was ordered.
      const grown = row.deposit / unit + value;
      const isGrown = ({ deposit }: OnChainChannel): boolean => deposit >= grown;
      const head = isRefusal(error) ? await reader.confirmState(channelId, isGrown) : undefined;
      if (head) return head;
      throw asFailure(error, 'top_up_failed', 'The top-up could not be made');
    }
  }
}

function isRefusal(error: unknown): error is CodedError {
  return error instanceof CodedError && error.code === 'transaction_reverted';
}

function asFailure(error: unknown, code: string, words: string): unknown {
  if (!isRefusal(error)) return error;
  const reason = reasonOf(error);
  const isUsed = /used|nonce|consumed/i.test(reason) && !/mismatch/i.test(reason);
  return new CodedError(isUsed ? 'nonce_reused' : code, `${words}: ${reason}.`, { reason }, error);
}
