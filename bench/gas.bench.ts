/** Gas of isolated real transactions on a local chain: base fee, calldata and cold storage included. */
import { newAccount, TestChain } from '../scripts/network/test-chain.ts';
import { openAuthorization, topUpAuthorization } from '../src/chain/authorization.ts';
import type { Call } from '../src/chain/call.ts';
import type { ChainClient } from '../src/chain/chain-client.ts';
import {
  closeCall,
  openCall,
  openWithAuthorizationCall,
  requestCloseCall,
  settleCall,
  settleManyCall,
  topUpCall,
  topUpWithAuthorizationCall,
  withdrawCall,
} from '../src/chain/channel.ts';
import { approveCall, readTokenDomain } from '../src/chain/dollar.ts';
import { redeemCall } from '../src/chain/hub.ts';
import { fromHex, type Hex } from '../src/core/bytes.ts';
import { type Authorization, receiveDigester } from '../src/protocol/money/authorization.ts';
import { hubIdOf, payoutDigester } from '../src/protocol/money/payout.ts';
import { signDigest } from '../src/protocol/money/signature.ts';
import { channelIdOf, type ChannelParts, NO_SIGNER, voucherDigester } from '../src/protocol/money/voucher.ts';
import type { Benchmark } from './benchmark.ts';

interface GasRow {
  readonly operation: string;
  /** Of the whole transaction, or of each row of one where the operation says so. */
  readonly gas: number;
  readonly goal: number | null;
  readonly peer: string | null;
  readonly peerGas: number | null;
}

type Account = ReturnType<typeof newAccount>;

const DEPOSIT = 5_000_000n;
const X402 = 'x402 batch settlement';
const RAIDEN = 'Raiden';
/** A rounded figure: about so much for each request that its broker settles. */
const ZERO_G = '0G, a request through a broker';

export const benchmark: Benchmark = {
  name: 'gas',
  description: 'gas of each operation of the payment contracts, beside goals and peers',
  async run({ tell }) {
    const rows = await measureGas(tell);
    return {
      table: rows.map(({ operation, gas, goal, peer, peerGas }) => ({
        operation,
        gas,
        goal: goal ?? '',
        met: goal === null ? '' : gas <= goal ? 'yes' : 'no',
        'peer gas': peerGas ?? '',
        peer: peer ?? '',
      })),
      json: { rows },
    };
  },
};

/** A chain of its own, each operation once. Salts and keys are random: a call's gas varies by some dozens. */
export async function measureGas(tell: (line: string) => void): Promise<GasRow[]> {
  await using world = await TestChain.start({ gracePeriod: 60 });
  return [...(await measureChannel(world, tell)), ...(await measureHub(world, tell))];
}

async function measureChannel(world: TestChain, tell: (line: string) => void): Promise<GasRow[]> {
  const { escrow, token, chainId } = world.deployment;
  const place = { chainId, contract: escrow };
  const digest = voucherDigester(place);
  const agent = newAccount();
  await world.fund(agent.address, 10n ** 12n, 10n ** 20n);
  const chain = world.connect(agent.key);
  const payee = newAccount();
  await world.fund(payee.address, 0n, 10n ** 20n);
  const relay = world.connect(payee.key);
  const rows: GasRow[] = [];
  const note = noteInto(rows, tell);
  const parts = (authorizedSigner: Hex = NO_SIGNER): ChannelParts => ({
    payer: agent.address,
    payee: payee.address,
    token,
    salt: newAccount().key,
    authorizedSigner,
  });
  const open = async (of: ChannelParts): Promise<{ id: Hex; gas: number }> => {
    await chain.send(approveCall(token, escrow, DEPOSIT));
    return { id: channelIdOf(of, place), gas: await gasOf(chain, openCall(escrow, of, DEPOSIT)) };
  };
  const voucher = (channelId: Hex, cumulativeAmount: bigint) => {
    const signature = signDigest(digest({ channelId, cumulativeAmount }), fromHex(agent.key));
    return { channelId, cumulativeAmount, signature };
  };

  note('open, first of a payee and token', (await open(parts())).gas);
  const { id, gas } = await open(parts());
  note('open', gas, { peer: X402, peerGas: 68_904 });
  note('open, named signer', (await open(parts(newAccount().address))).gas);
  note('open by authorization', await gasOfRelayedOpen(world, relay, agent, parts()), {
    peer: RAIDEN,
    peerGas: 142_716,
  });
  const topUp = (): Promise<number> => gasOf(chain, topUpCall(escrow, id, DEPOSIT));
  await chain.send(approveCall(token, escrow, DEPOSIT));
  note('top up, exact approval', await topUp(), { goal: 50_000, peer: X402, peerGas: 51_804 });
  await chain.send(approveCall(token, escrow, 2n ** 256n - 1n));
  note('top up, standing approval', await topUp(), { goal: 50_000, peer: X402, peerGas: 51_804 });
  note('top up by authorization', await gasOfRelayedTopUp(world, relay, agent, id));
  const settle = (amount: bigint): Promise<number> => gasOf(relay, settleCall(escrow, voucher(id, amount)));
  note('settle, payee new to the token', await settle(1_000_000n), {
    goal: 60_000,
    peer: X402,
    peerGas: 65_210,
  });
  note('settle, repeat', await settle(2_000_000n), { goal: 45_000, peer: X402, peerGas: 48_122 });
  note('close with a refund', await gasOf(relay, closeCall(escrow, voucher(id, 3_000_000n))), {
    peer: RAIDEN,
    peerGas: 137_712,
  });

  const ids: Hex[] = [];
  for (let i = 0; i < 110; i++) {
    const of = parts();
    await chain.send(openCall(escrow, of, DEPOSIT));
    ids.push(channelIdOf(of, place));
  }
  for (const [which, amount] of [
    ['first', 1_000n],
    ['repeat', 2_000n],
  ] as const) {
    const many = (some: readonly Hex[]): Promise<number> =>
      gasOf(
        relay,
        settleManyCall(
          escrow,
          token,
          some.map((one) => voucher(one, amount)),
        ),
      );
    const peerGas = which === 'first' ? 25_420 : 23_711;
    note(`settleMany 10, each, ${which}`, each(await many(ids.slice(0, 10)), 10), { peer: X402, peerGas });
    const hundred = each(await many(ids.slice(10)), 100);
    note(`settleMany 100, each, ${which}`, hundred, { goal: 20_000, peer: X402, peerGas: 21_500 });
    // The same again, beside the one peer that needs less.
    note(`settleMany 100, each, ${which}`, hundred, { goal: 20_000, peer: ZERO_G, peerGas: 14_000 });
  }
  const last = ids[0] as Hex;
  note('request to close', await gasOf(chain, requestCloseCall(escrow, last)));
  await world.pass(60);
  note('withdraw', await gasOf(chain, withdrawCall(escrow, last)), { peer: RAIDEN, peerGas: 173_784 });
  return rows;
}

async function gasOfRelayedOpen(
  world: TestChain,
  relay: ChainClient,
  agent: Account,
  parts: ChannelParts,
): Promise<number> {
  const { escrow } = world.deployment;
  const authorization = openAuthorization(parts, termsOf(escrow));
  const signature = await signedBy(agent, authorization, relay, world);
  return gasOf(relay, openWithAuthorizationCall(escrow, parts, authorization, signature));
}

async function gasOfRelayedTopUp(
  world: TestChain,
  relay: ChainClient,
  agent: Account,
  channelId: Hex,
): Promise<number> {
  const { escrow } = world.deployment;
  const salt = newAccount().key;
  const authorization = topUpAuthorization(channelId, { from: agent.address, salt }, termsOf(escrow));
  const signature = await signedBy(agent, authorization, relay, world);
  return gasOf(relay, topUpWithAuthorizationCall(escrow, channelId, salt, authorization, signature));
}

function termsOf(contract: Hex) {
  return { contract, value: DEPOSIT, validBefore: BigInt(Math.floor(Date.now() / 1000) + 600) };
}

async function signedBy(
  { key }: Account,
  authorization: Authorization,
  chain: ChainClient,
  { deployment }: TestChain,
): Promise<Hex> {
  const digest = receiveDigester(await readTokenDomain(chain, deployment.token))(authorization);
  return signDigest(digest, fromHex(key));
}

async function measureHub(world: TestChain, tell: (line: string) => void): Promise<GasRow[]> {
  const { hub, token, chainId } = world.deployment;
  const { relay, relayKey } = world;
  const owner = relay.account as Hex;
  const place = { chainId, contract: hub };
  const digest = payoutDigester(hubIdOf({ token, owner, signer: owner }, place), place);
  await world.fund(hub, 10n ** 12n);
  const rows: GasRow[] = [];
  const note = noteInto(rows, tell);
  const redeem = (payees: readonly Account[], cumulativeAmount: bigint): Promise<number> => {
    const payouts = payees.map(({ address: payee }) => {
      const signature = signDigest(digest({ payee, cumulativeAmount }), fromHex(relayKey));
      return { payee, cumulativeAmount, signature };
    });
    return gasOf(relay, redeemCall(hub, payouts));
  };
  const holder = newAccount();
  await world.fund(holder.address, 1n);
  note('redeem 1, first, payee holds the coin', await redeem([holder], 50_000n), { goal: 60_000 });
  for (const [count, goals] of [
    [1, [60_000, 45_000]],
    [10, [null, null]],
    [100, [55_000, 19_000]],
  ] as const) {
    const payees = Array.from({ length: count }, newAccount);
    const unit = count === 1 ? '' : ', each';
    note(
      `redeem ${count}${unit}, first, payee new to the token`,
      each(await redeem(payees, 50_000n), count),
      {
        goal: goals[0],
      },
    );
    note(`redeem ${count}${unit}, repeat`, each(await redeem(payees, 120_000n), count), { goal: goals[1] });
  }
  return rows;
}

function noteInto(rows: GasRow[], tell: (line: string) => void) {
  return (
    operation: string,
    gas: number,
    { goal = null, peer = null, peerGas = null }: Partial<Omit<GasRow, 'operation' | 'gas'>> = {},
  ): void => {
    tell(`${operation}: ${gas}`);
    rows.push({ operation, gas, goal, peer, peerGas });
  };
}

async function gasOf(chain: ChainClient, call: Call): Promise<number> {
  return Number((await chain.send(call)).gasUsed);
}

function each(gas: number, count: number): number {
  return Math.round(gas / count);
}
