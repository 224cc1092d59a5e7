import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { topUpAuthorization } from '../../../src/chain/authorization.ts';
import {
  openCall,
  readChannel,
  readChannelChanges,
  requestCloseCall,
  topUpCall,
  topUpWithAuthorizationCall,
  withdrawCall,
} from '../../../src/chain/channel.ts';
import { deploy, estimateDeployment } from '../../../src/chain/deploy.ts';
import { verifyDeployment } from '../../../src/chain/deployment.ts';
import {
  approveCall,
  readAuthorizationUsed,
  readDecimals,
  readDollars,
  readTokenDomain,
  transferCall,
  transferWithAuthorizationCall,
} from '../../../src/chain/dollar.ts';
import {
  depositCall,
  hubEvents,
  readAvailable,
  readPayoutNonce,
  redeemToCall,
  withdrawFundsCall,
} from '../../../src/chain/hub.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import { receiveDigester, transferDigester } from '../../../src/protocol/money/authorization.ts';
import { hubIdOf, payoutDigester, payoutToDigester } from '../../../src/protocol/money/payout.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import { channelIdOf, NO_SIGNER } from '../../../src/protocol/money/voucher.ts';
import { inTenMinutes, openChannel } from './chain-agent.ts';

const GRACE = 60;
const GAS = 10n ** 18n;

let world: TestChain;

beforeAll(async () => {
  world = await TestChain.start({ gracePeriod: GRACE });
}, 60_000);
afterAll(() => world.close());

describe('money moved on a real chain', () => {
  it('K5 K7 K8 lets an agent with gas open, top up, cancel its close and leave', async () => {
    const { escrow, token, chainId } = world.deployment;
    const agent = newAccount();
    await world.fund(agent.address, 500n, GAS);
    const chain = world.connect(agent.key);
    const parts = {
      payer: agent.address,
      payee: newAccount().address,
      token,
      salt: newAccount().key,
      authorizedSigner: NO_SIGNER,
    };
    const id = channelIdOf(parts, { chainId, contract: escrow });
    await chain.send(approveCall(token, escrow, 500n));
    const { block: first } = await chain.send(openCall(escrow, parts, 300n));
    await chain.send(requestCloseCall(escrow, id));
    await chain.send(topUpCall(escrow, id, 200n));
    await chain.send(requestCloseCall(escrow, id));
    await world.pass(GRACE);
    const { block: last } = await chain.send(withdrawCall(escrow, id));
    expect(await readDollars(chain, token, agent.address)).toBe(500n);
    const events = await readChannelChanges(chain, escrow, first, last);
    expect(events.map(({ eventName }) => eventName)).toEqual([
      'ChannelOpened',
      'CloseRequested',
      'CloseCancelled',
      'ToppedUp',
      'CloseRequested',
      'ChannelClosed',
    ]);
  });

  it('K5 tops up for an agent without gas', async () => {
    const { escrow, token } = world.deployment;
    const agent = await openChannel(world, 1_000n);
    await world.fund(agent.address, 700n);
    const from = { from: agent.address, salt: newAccount().key };
    const terms = { contract: escrow, value: 700n, validBefore: await inTenMinutes(world) };
    const authorization = topUpAuthorization(agent.id, from, terms);
    const domain = await readTokenDomain(world.relay, token);
    const signature = agent.sign(receiveDigester(domain)(authorization));
    expect(await readAuthorizationUsed(world.relay, token, agent.address, authorization.nonce)).toBe(false);
    await world.relay.send(topUpWithAuthorizationCall(escrow, agent.id, from.salt, authorization, signature));
    expect(await readAuthorizationUsed(world.relay, token, agent.address, authorization.nonce)).toBe(true);
    expect((await readChannel(world.relay, escrow, agent.id))?.deposit).toBe(1_700n);
  });

  it('moves test dollars by their holder’s signature', async () => {
    const { token } = world.deployment;
    const [holder, payee] = [newAccount(), newAccount()];
    await world.fund(holder.address, 100n, GAS);
    expect(await readDecimals(world.relay, token)).toBe(6);
    const authorization = {
      from: holder.address,
      to: payee.address,
      value: 60n,
      validAfter: 0n,
      validBefore: await inTenMinutes(world),
      nonce: newAccount().key,
    };
    const digest = transferDigester(await readTokenDomain(world.relay, token))(authorization);
    const signature = signDigest(digest, fromHex(holder.key));
    await world.relay.send(transferWithAuthorizationCall(token, authorization, signature));
    await world.connect(holder.key).send(transferCall(token, payee.address, 40n));
    expect(await readDollars(world.relay, token, payee.address)).toBe(100n);
  });

  it('K11 K12 pays where a payee wants it, and gives the rest back to the owner', async () => {
    const { hub, token, chainId } = world.deployment;
    const { relay, relayKey } = world;
    const owner = relay.account as Hex;
    await world.fund(owner, 10_000n);
    await relay.send(approveCall(token, hub, 10_000n));
    await relay.send(depositCall(hub, 10_000n));
    const [payee, to] = [newAccount(), newAccount().address];
    const place = { chainId, contract: hub };
    const due = { payee: payee.address, cumulativeAmount: 5_000n };
    const digest = payoutDigester(hubIdOf({ token, owner, signer: owner }, place), place)(due);
    const payout = { ...due, signature: signDigest(digest, fromHex(relayKey)) };
    const instruction = {
      to,
      minCumulative: 5_000n,
      maxFee: 100n,
      nonce: await readPayoutNonce(relay, hub, payee.address),
      deadline: await inTenMinutes(world),
    };
    const signature = signDigest(
      payoutToDigester(place)({ payee: payee.address, ...instruction }),
      fromHex(payee.key),
    );
    const sent = await relay.send(redeemToCall(hub, [{ payout, ...instruction, fee: 100n, signature }]));
    expect(hubEvents(sent.logs)).toMatchObject([{ eventName: 'RedeemedTo', args: { fee: 100n } }]);
    expect(await readDollars(relay, token, to)).toBe(4_900n);
    await relay.send(withdrawFundsCall(hub, owner, await readAvailable(relay, token, hub)));
    expect(await readDollars(relay, token, owner)).toBe(5_100n);
  });

  it('tells what a deployment costs, makes it and verifies it', async () => {
    const owner = world.relay.account as Hex;
    const plan = { gracePeriod: 600, owner, signer: newAccount().address };
    const { gas: guessed } = await estimateDeployment(world.relay, plan);
    const { token } = world.deployment;
    const { gas, contracts } = await estimateDeployment(world.relay, { ...plan, token });
    expect(contracts.map(({ name }) => name)).toEqual(['PaymentChannel', 'PayoutHub']);
    expect(guessed).toBeGreaterThan(gas);
    const made = await deploy(world.relay, { ...plan, token });
    expect(made.token).toBe(token);
    await expect(verifyDeployment(world.relay, made, { ...plan, gracePeriod: 60 })).rejects.toMatchObject({
      code: 'deployment_wrong',
      data: { what: 'the grace period is 600 s, and 60 s was asked for' },
    });
    await expect(
      verifyDeployment(world.relay, { ...made, hub: newAccount().address }, plan),
    ).rejects.toMatchObject({ code: 'deployment_wrong' });
  });
});
