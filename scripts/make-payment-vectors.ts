/**
 * Writes `test/vectors/payments.json`: ids, digests and signatures of random channels and hubs as viem makes them, for
 * our own hashing (TypeScript) and for the contracts (forge) to agree with. Run by hand, once for each change of a form.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeAbiParameters, hashTypedData, keccak256, pad, toHex, type TypedDataDefinition } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Hex } from '../src/core/bytes.ts';
import { root } from './tool.ts';

const CASES = 24;

let drawn = 0;
/** The n-th 32 bytes of a fixed stream. */
const draw = (): Hex => keccak256(toHex(`afterglow/payments/${drawn++}`));
const address = (): Hex => `0x${draw().slice(-40)}`;
/** Any size of number, up to `most`. */
const amount = (most: bigint): bigint => ((BigInt(draw()) % most) >> (BigInt(draw()) % 64n)) + 1n;

const channelTypes = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cumulativeAmount', type: 'uint128' },
  ],
  CloseRequest: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'cancelled', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
};
const hubTypes = {
  Payout: [
    { name: 'hubId', type: 'bytes32' },
    { name: 'payee', type: 'address' },
    { name: 'cumulativeAmount', type: 'uint128' },
  ],
  PayoutTo: [
    { name: 'payee', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'minCumulative', type: 'uint128' },
    { name: 'maxFee', type: 'uint128' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
};
const tokenTypes = {
  ReceiveWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
};

const fiveParts = [
  { type: 'address' },
  { type: 'address' },
  { type: 'address' },
  { type: 'bytes32' },
  { type: 'address' },
] as const;

const cases = [];
for (let i = 0; i < CASES; i++) cases.push(await makeCase());
const text = JSON.stringify({ madeBy: 'viem, by scripts/make-payment-vectors.ts', cases }, asText, 1);
await writeFile(join(root, 'test', 'vectors', 'payments.json'), `${text}\n`);
console.log(`${CASES} cases written.`);

async function makeCase() {
  const payer = privateKeyToAccount(draw());
  const named = privateKeyToAccount(draw());
  const hubSigner = privateKeyToAccount(draw());
  const payee = privateKeyToAccount(draw());
  const chainId = Number(amount(2n ** 40n));
  const [channel, hub, token, salt, topUpSalt] = [address(), address(), address(), draw(), draw()];
  const isNamed = BigInt(draw()) % 2n === 0n;
  const authorizedSigner = isNamed ? named.address : pad('0x', { size: 20 });
  const opened = [payer.address, payee.address, token, salt, authorizedSigner] as const;
  const channelId = keccak256(
    encodeAbiParameters(
      [...fiveParts, { type: 'address' }, { type: 'uint256' }],
      [...opened, channel, BigInt(chainId)],
    ),
  );
  const deposit = amount(2n ** 126n);
  const additionalDeposit = amount(2n ** 126n);
  const cumulativeAmount = 1n + (BigInt(draw()) % (deposit + additionalDeposit));
  const deadline = 2_000_000_000n + amount(2n ** 40n);
  const channelDomain = { name: 'EVM Payment Channel', version: '1', chainId, verifyingContract: channel };
  const hubDomain = { name: 'Afterglow Payout Hub', version: '1', chainId, verifyingContract: hub };
  const tokenDomain = { name: 'Test Dollar', version: '1', chainId, verifyingContract: token };
  const openNonce = keccak256(encodeAbiParameters(fiveParts, opened));
  const topUpNonce = keccak256(
    encodeAbiParameters(
      [{ type: 'bytes32' }, { type: 'uint128' }, { type: 'address' }, { type: 'bytes32' }],
      [channelId, additionalDeposit, payer.address, topUpSalt],
    ),
  );
  const owner = address();
  const hubId = keccak256(
    encodeAbiParameters(
      [
        { type: 'address' },
        { type: 'address' },
        { type: 'address' },
        { type: 'address' },
        { type: 'uint256' },
      ],
      [token, owner, hubSigner.address, hub, BigInt(chainId)],
    ),
  );
  const moved = { from: payer.address, to: channel, validAfter: 0n, validBefore: deadline };
  const payoutAmount = amount(2n ** 127n);
  const payoutTo = {
    payee: payee.address,
    to: address(),
    minCumulative: payoutAmount + 1n,
    maxFee: amount(2n ** 120n),
    nonce: 0n,
    deadline,
  };
  const voucher = typed(channelDomain, channelTypes, 'Voucher', { channelId, cumulativeAmount });
  const closeRequest = typed(channelDomain, channelTypes, 'CloseRequest', {
    channelId,
    cancelled: 0n,
    deadline,
  });
  const open = { ...moved, value: deposit, nonce: openNonce };
  const topUp = { ...moved, value: additionalDeposit, nonce: topUpNonce };
  const payout = (amountSoFar: bigint): TypedDataDefinition =>
    typed(hubDomain, hubTypes, 'Payout', { hubId, payee: payee.address, cumulativeAmount: amountSoFar });
  const signs = isNamed ? named : payer;
  return lowered({
    chainId,
    channel,
    hub,
    token,
    owner,
    hubSigner: hubSigner.address,
    payer: payer.address,
    payee: payee.address,
    salt,
    authorizedSigner,
    channelId,
    deposit,
    openNonce,
    additionalDeposit,
    topUpSalt,
    topUpNonce,
    cumulativeAmount,
    deadline,
    openDigest: hashTypedData(typed(tokenDomain, tokenTypes, 'ReceiveWithAuthorization', open)),
    openSignature: await payer.signTypedData(
      typed(tokenDomain, tokenTypes, 'ReceiveWithAuthorization', open),
    ),
    topUpSignature: await payer.signTypedData(
      typed(tokenDomain, tokenTypes, 'ReceiveWithAuthorization', topUp),
    ),
    voucherDigest: hashTypedData(voucher),
    voucherSignature: await signs.signTypedData(voucher),
    closeRequestDigest: hashTypedData(closeRequest),
    closeRequestSignature: await payer.signTypedData(closeRequest),
    hubId,
    payoutAmount,
    payoutDigest: hashTypedData(payout(payoutAmount)),
    payoutSignature: await hubSigner.signTypedData(payout(payoutAmount)),
    nextPayoutSignature: await hubSigner.signTypedData(payout(payoutAmount + 1n)),
    to: payoutTo.to,
    minCumulative: payoutTo.minCumulative,
    maxFee: payoutTo.maxFee,
    payoutToDigest: hashTypedData(typed(hubDomain, hubTypes, 'PayoutTo', payoutTo)),
    payoutToSignature: await payee.signTypedData(typed(hubDomain, hubTypes, 'PayoutTo', payoutTo)),
  });
}

/** Typed data whose types are not known to the compiler. */
function typed(
  domain: TypedDataDefinition['domain'],
  types: Record<string, readonly { name: string; type: string }[]>,
  primaryType: string,
  message: Record<string, unknown>,
): TypedDataDefinition {
  return { domain, types, primaryType, message } as TypedDataDefinition;
}

function asText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}

function lowered<T extends Record<string, unknown>>(values: T): T {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    typeof value === 'string' ? value.toLowerCase() : value,
  ]);
  return Object.fromEntries(entries) as T;
}
