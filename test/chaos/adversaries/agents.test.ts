import { expect, it } from 'vitest';
import { newAccount } from '../../../scripts/network/test-chain.ts';
import { openCall, requestCloseCall, settleCall, withdrawCall } from '../../../src/chain/channel.ts';
import { approveCall } from '../../../src/chain/dollar.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import { channelIdOf, voucherDigester } from '../../../src/protocol/money/voucher.ts';
import { PaidScene, type SceneAgent } from './paid-scene.ts';
import { present, type Presented } from './raw-payment.ts';

const GAS = 10n ** 18n;
const DEAR = 6n * 10n ** 9n;

it('K7 H8 an agent that closes with vouchers outstanding: the relay draws what it is owed by itself, in time', async () => {
  await using scene = await PaidScene.open();
  const agent = await scene.agent({ gas: GAS });
  const answers = [await scene.ask(agent.client, 200), await scene.ask(agent.client, 77)];
  const used = scene.cost(answers);
  await agent.client.idle();
  const { escrow: contract } = scene.chain.deployment;
  const before = await scene.channelState(agent.channel);
  expect(before.settled).toBeLessThan(used);

  await agent.chain.send(requestCloseCall(contract, agent.channel));
  await scene.until(async () => (await scene.channelState(agent.channel)).settled >= used, 'the settlement');
  // A channel that is being closed pays for nothing more.
  const refused = await scene.ask(agent.client, 32);
  expect(refused).toMatchObject({ status: 402, body: { error: { code: 'channel_closing' } } });

  await scene.chain.pass(61);
  await agent.chain.send(withdrawCall(contract, agent.channel));
  expect(await scene.channelState(agent.channel)).toMatchObject({ settled: used, finalized: true });
  expect(await scene.dollars(agent.address)).toBe(1_000_000n - used);
});

it('K7 H8 K16 an agent that closes while gas gets dear: the relay outbids what holds its draw up, in time', async () => {
  await using scene = await PaidScene.open({ money: { confirmMs: 4_000 } });
  const agent = await scene.agent({ gas: GAS });
  const used = scene.cost([await scene.ask(agent.client, 200)]);
  await agent.client.idle();
  const { escrow: contract } = scene.chain.deployment;
  const settled = async (): Promise<bigint> => (await scene.channelState(agent.channel)).settled;

  await scene.chain.automine(false);
  const waiting = async (): Promise<number> =>
    Number(((await scene.chain.ask('txpool_status', [])) as { pending: Hex }).pending);
  const asked = agent.chain.send(requestCloseCall(contract, agent.channel));
  await scene.until(async () => (await waiting()) === 1, 'the request to close');
  await scene.chain.mine(1);
  await asked;
  await scene.until(async () => (await waiting()) === 1, 'the draw to be sent');
  // Blocks have room for the draw alone, and somebody pays more for less: at its first price it would wait for ever.
  await scene.until(async () => {
    await scene.chain.mineOutbid(100_000n, DEAR);
    return (await settled()) > 0n;
  }, 'the draw at a higher price');
  expect(await settled()).toBe(used);
  await scene.chain.automine(true);
});

it('K1 M5 one deposit at two relays: the second one serves nothing on it', async () => {
  await using one = await PaidScene.open();
  const agent = await one.agent();
  await one.ask(agent.client, 64);
  await agent.client.idle();
  // Another relay on the same chain, with a hub of its own: for the escrow it is another payee.
  await using two = await PaidScene.open({ on: one.chain });
  const before = await one.channelState(agent.channel);
  for (const amount of [before.deposit, 100n]) {
    const answer = await present(two, {
      action: 'voucher',
      channelId: agent.channel,
      ...signedBy(one, agent.key, agent.channel, amount),
    });
    expect(answer).toMatchObject({ status: 402, code: 'channel_unknown' });
  }
  const { escrow: contract } = one.chain.deployment;
  const voucher = signedBy(one, agent.key, agent.channel, 5_000n);
  const { cumulativeAmount, signature } = voucher;
  await expect(
    two.relayChain.send(
      settleCall(contract, {
        channelId: agent.channel,
        cumulativeAmount: BigInt(cumulativeAmount),
        signature,
      }),
    ),
  ).rejects.toMatchObject({ code: 'transaction_reverted', data: { reason: 'NotPayee' } });
  expect(await one.channelState(agent.channel)).toEqual(before);
});

it('K2 H3 a signer that the agent has revoked signs in vain, and so does the payer where it named a signer', async () => {
  await using scene = await PaidScene.open();
  const agent = await scene.agent({ gas: GAS });
  const { escrow: contract } = scene.chain.deployment;
  const [old, fresh] = [newAccount(), newAccount()];

  const first = await openNaming(scene, agent, old.address);
  const source = `did:pkh:eip155:${scene.chain.deployment.chainId}:${agent.address}`;
  const payload = opened(first, signedBy(scene, old.key, first.id, 200n));
  // Whose it is does not show from its voucher: that is another's.
  expect(await present(scene, payload)).toEqual({ status: 400, code: 'voucher_malformed' });
  const paid = await present(scene, payload, source);
  expect(paid.status).toBe(200);
  // Revoked: the old channel is closed, and the next one names another signer.
  await agent.chain.send(requestCloseCall(contract, first.id));
  const second = await openNaming(scene, agent, fresh.address);

  const refused = async (answer: Promise<Presented>, code: string): Promise<void> =>
    expect(await answer).toMatchObject({ status: 402, code });
  await refused(
    present(scene, opened(second, signedBy(scene, old.key, second.id, 200n)), source),
    'voucher_signature',
  );
  await refused(
    present(scene, opened(second, signedBy(scene, agent.key, second.id, 200n)), source),
    'voucher_signature',
  );
  await scene.until(
    async () => (await scene.channelState(first.id)).settled > 0n,
    'the old channel to be settled',
  );
  await refused(
    present(scene, {
      action: 'voucher',
      channelId: first.id,
      ...signedBy(scene, old.key, first.id, 400n),
    }),
    'channel_closing',
  );
  const onChain = { channelId: second.id, cumulativeAmount: 200n };
  const signature = signedBy(scene, old.key, second.id, 200n).signature;
  await expect(scene.chain.relay.send(settleCall(contract, { ...onChain, signature }))).rejects.toMatchObject(
    { code: 'transaction_reverted', data: { reason: 'InvalidSignature' } },
  );
  const served = opened(second, signedBy(scene, fresh.key, second.id, 200n));
  expect((await present(scene, served, source)).status).toBe(200);
});

interface Named {
  readonly id: Hex;
  readonly salt: Hex;
  readonly hash: Hex;
  readonly signer: Hex;
}

/** The agent opens a channel by itself, whose vouchers `signer` signs. */
async function openNaming(scene: PaidScene, agent: SceneAgent, signer: Hex): Promise<Named> {
  const { escrow, token, chainId } = scene.chain.deployment;
  const parts = {
    payer: agent.address,
    payee: scene.chain.relay.account as Hex,
    token,
    salt: newAccount().key,
    authorizedSigner: signer,
  };
  await agent.chain.send(approveCall(token, escrow, 10_000n));
  const { hash } = await agent.chain.send(openCall(escrow, parts, 10_000n));
  return { id: channelIdOf(parts, { chainId, contract: escrow }), salt: parts.salt, hash, signer };
}

function opened({ id, salt, hash, signer }: Named, voucher: ReturnType<typeof signedBy>) {
  return { action: 'open', type: 'hash', channelId: id, salt, hash, authorizedSigner: signer, ...voucher };
}

function signedBy(scene: PaidScene, key: Hex, channelId: Hex, cumulativeAmount: bigint) {
  const { chainId, escrow: contract } = scene.chain.deployment;
  const digest = voucherDigester({ chainId, contract })({ channelId, cumulativeAmount });
  return { cumulativeAmount: String(cumulativeAmount), signature: signDigest(digest, fromHex(key)) };
}
