import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { encodeAbiParameters, hashTypedData, keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { authorizationTypedData, walletTypedData } from '../../../src/chain/authorization.ts';
import { type Hex, toHex } from '../../../src/core/bytes.ts';
import { openNonce, receiveDigester, topUpNonce } from '../../../src/protocol/money/authorization.ts';
import {
  hubDomain,
  hubIdOf,
  PAYOUT_TO,
  payoutDigester,
  payoutToDigester,
} from '../../../src/protocol/money/payout.ts';
import { recoverAddress } from '../../../src/protocol/money/signature.ts';
import {
  channelDomain,
  channelIdOf,
  closeRequestDigester,
  NO_SIGNER,
  VOUCHER,
  voucherDigester,
} from '../../../src/protocol/money/voucher.ts';

/** Numbers are decimal strings but the chain id. */
type Case = Readonly<Record<Name, Hex>> & { readonly chainId: number };
type Name =
  | 'channel'
  | 'hub'
  | 'token'
  | 'owner'
  | 'hubSigner'
  | 'payer'
  | 'payee'
  | 'salt'
  | 'authorizedSigner'
  | 'channelId'
  | 'deposit'
  | 'openNonce'
  | 'additionalDeposit'
  | 'topUpSalt'
  | 'topUpNonce'
  | 'cumulativeAmount'
  | 'deadline'
  | 'openDigest'
  | 'voucherDigest'
  | 'voucherSignature'
  | 'closeRequestDigest'
  | 'closeRequestSignature'
  | 'hubId'
  | 'payoutAmount'
  | 'payoutDigest'
  | 'payoutSignature'
  | 'to'
  | 'minCumulative'
  | 'maxFee'
  | 'payoutToDigest';
const file = join(import.meta.dirname, '..', '..', 'vectors', 'payments.json');
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly Case[] };

describe.each(cases)('channel and hub on chain $chainId', (values) => {
  const { chainId } = values;
  const { channel, hub, token, payer, payee, salt, authorizedSigner, channelId, hubId } = values;
  const parts = { payer, payee, token, salt, authorizedSigner };
  const place = { chainId, contract: channel };
  const hubPlace = { chainId, contract: hub };
  const deadline = BigInt(values.deadline);

  it('K1 has the id that viem computes', () => {
    expect(channelIdOf(parts, place)).toBe(channelId);
  });

  it('K2 has the voucher that viem signs', () => {
    const digest = voucherDigester(place)({ channelId, cumulativeAmount: BigInt(values.cumulativeAmount) });
    expect(digest).toBe(values.voucherDigest);
    const signer = authorizedSigner === NO_SIGNER ? payer : authorizedSigner;
    expect(recoverAddress(digest, values.voucherSignature)).toBe(signer);
  });

  it('K5 has the nonces and the authorization that viem signs', () => {
    expect(openNonce(parts)).toBe(values.openNonce);
    const additional = BigInt(values.additionalDeposit);
    expect(topUpNonce(channelId, additional, { from: payer, salt: values.topUpSalt })).toBe(
      values.topUpNonce,
    );
    const domain = { name: 'Test Dollar', version: '1', chainId: BigInt(chainId), verifyingContract: token };
    const authorization = {
      from: payer,
      to: channel,
      value: BigInt(values.deposit),
      validAfter: 0n,
      validBefore: deadline,
      nonce: openNonce(parts),
    };
    expect(receiveDigester(domain)(authorization)).toBe(values.openDigest);
    expect(hashTypedData(authorizationTypedData(domain, authorization) as never)).toBe(values.openDigest);
  });

  it('K7 has the request to close that viem signs', () => {
    const digest = closeRequestDigester(place)({ channelId, cancelled: 0, deadline });
    expect(digest).toBe(values.closeRequestDigest);
    expect(recoverAddress(digest, values.closeRequestSignature)).toBe(payer);
  });

  it('K9 K11 has the payouts and instructions that viem signs', () => {
    expect(hubIdOf({ token, owner: values.owner, signer: values.hubSigner }, hubPlace)).toBe(hubId);
    const digest = payoutDigester(hubId, hubPlace)({ payee, cumulativeAmount: BigInt(values.payoutAmount) });
    expect(digest).toBe(values.payoutDigest);
    expect(recoverAddress(digest, values.payoutSignature)).toBe(values.hubSigner);
    const instruction = {
      payee,
      to: values.to,
      minCumulative: BigInt(values.minCumulative),
      maxFee: BigInt(values.maxFee),
      nonce: 0n,
      deadline,
    };
    expect(payoutToDigester(hubPlace)(instruction)).toBe(values.payoutToDigest);
    expect(hashTypedData(walletTypedData(hubDomain(hubPlace), PAYOUT_TO, instruction) as never)).toBe(
      values.payoutToDigest,
    );
  });
});

describe('K1 K2 any channel', () => {
  const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex);
  const address = bytes(20);

  it('has the id and voucher digest that viem computes', () => {
    const parts = fc.record({
      payer: address,
      payee: address,
      token: address,
      salt: bytes(32),
      authorizedSigner: address,
    });
    const chain = fc.integer({ min: 1, max: 2 ** 31 });
    fc.assert(
      fc.property(
        parts,
        address,
        chain,
        fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
        (of, contract, chainId, sum) => {
          const place = { chainId, contract };
          const { payer, payee, token, salt, authorizedSigner } = of;
          const types = [
            'address',
            'address',
            'address',
            'bytes32',
            'address',
            'address',
            'uint256',
          ] as const;
          const encoded = encodeAbiParameters(
            types.map((type) => ({ type })),
            [payer, payee, token, salt, authorizedSigner, contract, BigInt(chainId)],
          );
          const channelId = channelIdOf(of, place);
          expect(channelId).toBe(keccak256(encoded));
          const values = { channelId, cumulativeAmount: sum };
          expect(voucherDigester(place)(values)).toBe(
            hashTypedData(walletTypedData(channelDomain(place), VOUCHER, values) as never),
          );
        },
      ),
      { numRuns: 100 },
    );
  });
});
