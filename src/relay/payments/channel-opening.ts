import type { Hex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { openNonce, receiveDigester, topUpNonce } from '../../protocol/money/authorization.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER } from '../../protocol/money/voucher.ts';
import { isEnding } from '../ledger/amounts.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChainPort } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { DepositAuthorization, OpenPayload, TopUpPayload } from './credential.ts';
import { voucherOf } from './credential.ts';
import type { PaymentListener } from './payment-events.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { reasonOf, refused } from './refusal.ts';
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
   * `deposit_too_small`, `nonce_reused`, `open_failed`, `sponsor_limit`, `chain_unreachable`, `chain_slow`
   */
  open(payload: OpenPayload, ip: string): Promise<ChannelRow>;
  /** @throws CodedError `channel_unknown`, `channel_closing`, `channel_closed`, `top_up_failed`, and as `open` */
  topUp(payload: TopUpPayload, ip: string): Promise<ChannelRow>;
}

export function createChannelOpening(parts: OpeningParts): ChannelOpening {
  const { chain, clock, emit, intake, known, reader, recover, sponsorship, terms } = parts;
  const { chainId, escrow, relay, token } = terms;
  const digestOf = receiveDigester({
    name: terms.tokenName,
    version: terms.tokenVersion,
    chainId: BigInt(chainId),
    verifyingContract: token,
  });
  const pending = new Map<Hex, PendingChannel>();
  const opening = new Map<Hex, Promise<ChannelRow>>();

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
    const tx = payload.type === 'hash' ? payload.hash : await sendOpening(payload, ip);
    const head = payload.type === 'hash' ? await reader.confirmTransaction(payload.hash) : undefined;
    const row = await reader.refresh(payload.channelId, head);
    if (!row) throw new CodedError('open_failed', 'This transaction opened no such channel to this relay.');
    checkOpening(payload, row.payer);
    const deposit = row.deposit / unit;
    emit({ type: 'channelOpened', at: clock.now(), channel: row.channel, payer: row.payer, deposit, tx });
    return row;
  }

  const unit = 10n ** BigInt(12 - terms.tokenDecimals);

  async function sendOpening(
    payload: Extract<OpenPayload, { type: 'authorization' }>,
    ip: string,
  ): Promise<Hex | undefined> {
    const { authorization, channelId, salt, signature } = payload;
    const { from: payer, value } = authorization;
    const authorizedSigner = payload.authorizedSigner ?? NO_SIGNER;
    const signer = checkOpening(payload, payer);
    if (value < terms.minDeposit) {
      const minDeposit = String(terms.minDeposit);
      throw new CodedError('deposit_too_small', `The deposit must be at least ${minDeposit} base units.`, {
        minDeposit,
      });
    }
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
      await reader.confirm(block);
      return hash;
    } catch (error) {
      // Somebody else may have sent the same authorization: then the channel is there, as it was ordered.
      if (isRefusal(error) && (await isThere(channelId))) return undefined;
      throw asFailure(error, 'open_failed', 'The channel could not be opened');
    } finally {
      pending.delete(channelId);
    }
  }

  /** Also where the block that has it is not confirmed yet: a reorganisation may have brought an earlier try back. */
  async function isThere(channel: Hex): Promise<boolean> {
    const head = await chain.head();
    const isHere = (await chain.channel(channel, head.number)) !== undefined;
    const at = isHere ? await reader.confirm(head.number) : head;
    return (await reader.refresh(channel, at)) !== undefined;
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
      if (payload.type === 'hash') await reader.confirmTransaction(payload.hash);
      else await sendTopUp(payload, row, ip);
      return (await reader.refresh(channel)) ?? row;
    },
  };

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
  ): Promise<void> {
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
      await reader.confirm(block);
    } catch (error) {
      const now = isRefusal(error) ? await reader.refresh(channelId) : undefined;
      if (now && now.deposit >= row.deposit + value * unit) return;
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
