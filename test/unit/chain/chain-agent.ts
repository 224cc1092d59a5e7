import { newAccount, type TestChain } from '../../../scripts/network/test-chain.ts';
import { openAuthorization } from '../../../src/chain/authorization.ts';
import { openWithAuthorizationCall, type SignedVoucher } from '../../../src/chain/channel.ts';
import { readTokenDomain } from '../../../src/chain/dollar.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import { receiveDigester } from '../../../src/protocol/money/authorization.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import {
  channelIdOf,
  type ChannelParts,
  NO_SIGNER,
  voucherDigester,
} from '../../../src/protocol/money/voucher.ts';

/** An agent without gas, and its channel to the relay. */
export interface ChainAgent {
  readonly address: Hex;
  readonly id: Hex;
  sign(digest: Hex): Hex;
  voucher(amount: bigint): SignedVoucher;
  /** By the relay, which pays the gas. */
  open(): Promise<unknown>;
}

/** A new agent with test dollars, whose channel the relay opened. */
export async function openChannel(world: TestChain, deposit: bigint): Promise<ChainAgent> {
  const account = newAccount();
  await world.fund(account.address, deposit);
  const agent = await agentOf(world, account, deposit);
  await agent.open();
  return agent;
}

export async function agentOf(
  world: TestChain,
  { key, address }: { readonly key: Hex; readonly address: Hex },
  deposit: bigint,
): Promise<ChainAgent> {
  const { escrow, token, chainId } = world.deployment;
  const place = { chainId, contract: escrow };
  const sign = (digest: Hex): Hex => signDigest(digest, fromHex(key));
  const payee = world.relay.account as Hex;
  const parts: ChannelParts = {
    payer: address,
    payee,
    token,
    salt: newAccount().key,
    authorizedSigner: NO_SIGNER,
  };
  const validBefore = await inTenMinutes(world);
  const authorization = openAuthorization(parts, { contract: escrow, value: deposit, validBefore });
  const domain = await readTokenDomain(world.relay, token);
  const signature = sign(receiveDigester(domain)(authorization));
  const channelId = channelIdOf(parts, place);
  return {
    address,
    id: channelId,
    sign,
    open: () => world.relay.send(openWithAuthorizationCall(escrow, parts, authorization, signature)),
    voucher(cumulativeAmount) {
      const voucher = { channelId, cumulativeAmount };
      return { ...voucher, signature: sign(voucherDigester(place)(voucher)) };
    },
  };
}

/** By the chain's clock, which tests move on. */
export async function inTenMinutes(world: TestChain): Promise<bigint> {
  return BigInt(await world.time()) + 600n;
}
