import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { openNonce, topUpNonce } from '../../protocol/money/authorization.ts';
import { unitOf } from '../../protocol/money/price.ts';
import { NO_SIGNER } from '../../protocol/money/voucher.ts';
import type { ChannelRow } from '../ledger/state.ts';
import type { ChainHead, ChainPort, OnChainChannel } from './chain-port.ts';
import type { ChannelReader } from './channel-reader.ts';
import type { OpenPayload, TopUpPayload } from './credential.ts';
import type { DepositChecks } from './deposit-checks.ts';
import type { ConfirmedDeposit } from './own-deposits.ts';
import type { PaymentTerms } from './payment-terms.ts';
import { depositFailure, isReverted, refused } from './refusal.ts';
import type { Sponsorship } from './sponsorship.ts';

export interface SponsoredParts {
  readonly chain: ChainPort;
  readonly checks: DepositChecks;
  readonly reader: ChannelReader;
  readonly sponsorship: Sponsorship;
  readonly terms: PaymentTerms;
}

/** Who a channel that is being opened belongs to. */
export interface PendingChannel {
  readonly payer: Hex;
  readonly signer: Hex;
}

/** Deposits that agents signed authorizations for, and the relay pays the gas of (rule H7). */
export interface SponsoredDeposits {
  /** Channels whose transaction is on its way. */
  readonly pending: ReadonlyMap<Hex, PendingChannel>;
  /** @throws CodedError `open_failed`, `nonce_reused`, `sponsor_limit`, and those of the checks and the chain */
  sendOpening(
    payload: Extract<OpenPayload, { type: 'authorization' }>,
    ip: string,
  ): Promise<ConfirmedDeposit>;
  /**
   * @returns the newest block, in which it is confirmed
   * @throws CodedError `top_up_failed`, `nonce_reused`, `sponsor_limit`, and those of the checks and the chain
   */
  sendTopUp(
    payload: Extract<TopUpPayload, { type: 'authorization' }>,
    row: ChannelRow,
    ip: string,
  ): Promise<ChainHead>;
}

export function createSponsoredDeposits(parts: SponsoredParts): SponsoredDeposits {
  const { chain, checks, reader, sponsorship, terms } = parts;
  const { relay, token } = terms;
  const unit = unitOf(terms.tokenDecimals);
  const pending = new Map<Hex, PendingChannel>();

  async function sendOpening(
    payload: Extract<OpenPayload, { type: 'authorization' }>,
    ip: string,
  ): Promise<ConfirmedDeposit> {
    const { authorization, channelId, salt, signature } = payload;
    const { from: payer, value } = authorization;
    const authorizedSigner = payload.authorizedSigner ?? NO_SIGNER;
    const signer = checks.checkOpening(payload, payer);
    checks.checkDeposit(value);
    if (payload.cumulativeAmount > value) throw refused('voucher_over_deposit');
    checks.checkAuthorization(
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
      const head = isReverted(error) ? await reader.confirmState(channelId, () => true) : undefined;
      if (head) return { head };
      throw depositFailure(error, 'open_failed', 'The channel could not be opened');
    } finally {
      pending.delete(channelId);
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
    checks.checkAuthorization(
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
      const head = isReverted(error) ? await reader.confirmState(channelId, isGrown) : undefined;
      if (head) return head;
      throw depositFailure(error, 'top_up_failed', 'The top-up could not be made');
    }
  }

  return { pending, sendOpening, sendTopUp };
}
