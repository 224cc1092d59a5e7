import { encodeDeployData, type Hex } from 'viem';
import { CodedError } from '../core/errors.ts';
import { hubIdOf } from '../protocol/money/payout.ts';
import type { ChainClient } from './chain-client.ts';
import { readGracePeriod } from './channel.ts';
import { paymentChannelAbi } from './generated/payment-channel-abi.ts';
import { paymentChannelCode, paymentChannelRuntime } from './generated/payment-channel-code.ts';
import { payoutHubAbi } from './generated/payout-hub-abi.ts';
import { payoutHubCode, payoutHubRuntime } from './generated/payout-hub-code.ts';
import { testDollarAbi } from './generated/test-dollar-abi.ts';
import { testDollarCode } from './generated/test-dollar-code.ts';
import { readHub } from './hub.ts';
import { isCodeOf } from './runtime-code.ts';

/** Where the contracts of one relay live. Lower-case addresses. */
export interface Deployment {
  readonly chainId: number;
  readonly token: Hex;
  readonly channel: Hex;
  readonly hub: Hex;
  /** The first block that can hold an event of theirs. */
  readonly fromBlock: string;
}

export interface DeployPlan {
  /** Seconds. The draft allows no less than 600: shorter ones are for tests. */
  readonly gracePeriod: number;
  /** Who owns the hub's money, and who signs payouts. */
  readonly owner: Hex;
  readonly signer: Hex;
  /** The coin; a test dollar is deployed where there is none. */
  readonly token?: Hex;
}

/** One contract to be made: what it is, and what is sent. */
interface Creation {
  readonly name: 'TestDollar' | 'PaymentChannel' | 'PayoutHub';
  readonly data: Hex;
}

/** What a deployment would cost, without sending anything. The hub's part is that of a hub on the channel's address. */
export async function estimateDeployment(
  chain: ChainClient,
  plan: DeployPlan,
): Promise<{ gas: bigint; wei: bigint; contracts: { name: string; gas: bigint }[] }> {
  const contracts = [];
  const creations = [
    ...(plan.token === undefined ? [testDollar()] : []),
    paymentChannel(plan),
    // A hub wants a token that exists: before the test dollar does, its part can only be told from its size.
    ...(plan.token === undefined ? [] : [payoutHub(plan.token, plan)]),
  ];
  for (const { name, data } of creations) contracts.push({ name, gas: (await chain.simulate({ data })).gas });
  if (plan.token === undefined) contracts.push({ name: 'PayoutHub', gas: gasBySize(payoutHubCode) });
  const gas = contracts.reduce((sum, contract) => sum + contract.gas, 0n);
  return { gas, wei: gas * (await chain.gasPrice()), contracts };
}

/** Deploys what is missing and verifies it. @throws CodedError as `ChainClient.send`, `deployment_wrong` */
export async function deploy(
  chain: ChainClient,
  plan: DeployPlan,
  signal?: AbortSignal,
): Promise<Deployment> {
  await chain.checkChain();
  const fromBlock = await chain.newestBlock();
  const token = plan.token ?? (await create(chain, testDollar(), signal));
  const channel = await create(chain, paymentChannel(plan), signal);
  const hub = await create(chain, payoutHub(token, plan), signal);
  const deployment = {
    chainId: chain.chainId,
    token: lower(token),
    channel,
    hub,
    fromBlock: fromBlock.toString(),
  };
  await verifyDeployment(chain, deployment, plan);
  return deployment;
}

/** Reads back that the contracts are what they are said to be. @throws CodedError `deployment_wrong` {what} */
export async function verifyDeployment(
  chain: ChainClient,
  { token, channel, hub }: Deployment,
  plan: DeployPlan,
): Promise<void> {
  const wrong = (what: string): CodedError =>
    new CodedError('deployment_wrong', `The deployed contracts are not as planned: ${what}.`, { what });
  for (const [what, address, runtime] of [
    ['token', token, undefined],
    ['channel', channel, paymentChannelRuntime],
    ['hub', hub, payoutHubRuntime],
  ] as const) {
    const code = await chain.code(address);
    if (code === '0x') throw wrong(`no contract at the ${what}'s address`);
    if (runtime && !isCodeOf(code, runtime)) throw wrong(`the ${what} has other code than this version's`);
  }
  if ((await readGracePeriod(chain, channel)) !== plan.gracePeriod) throw wrong('grace period');
  const found = await readHub(chain, hub);
  if (found.token !== token) throw wrong("the hub's token");
  if (found.owner !== lower(plan.owner)) throw wrong("the hub's owner");
  if (found.signer !== lower(plan.signer)) throw wrong("the hub's signer");
  const hubId = hubIdOf(found, { chainId: chain.chainId, contract: hub });
  if (found.hubId !== hubId) throw wrong("the hub's id");
}

function testDollar(): Creation {
  return { name: 'TestDollar', data: encodeDeployData({ abi: testDollarAbi, bytecode: testDollarCode }) };
}

function paymentChannel({ gracePeriod }: DeployPlan): Creation {
  const args = [BigInt(gracePeriod)] as const;
  const data = encodeDeployData({ abi: paymentChannelAbi, bytecode: paymentChannelCode, args });
  return { name: 'PaymentChannel', data };
}

function payoutHub(token: Hex, { owner, signer }: DeployPlan): Creation {
  const args = [token, owner, signer] as const;
  return {
    name: 'PayoutHub',
    data: encodeDeployData({ abi: payoutHubAbi, bytecode: payoutHubCode, args }),
  };
}

async function create(chain: ChainClient, { name, data }: Creation, signal?: AbortSignal): Promise<Hex> {
  const { contract } = await chain.send({ data }, signal);
  if (contract === null) throw new CodedError('deployment_wrong', `${name} has no address.`, { what: name });
  return contract;
}

/** A creation's gas: 200 for each byte that is kept, 16 for each that is sent, and what every creation costs. */
function gasBySize(code: string): bigint {
  return 53_000n + BigInt(code.length / 2 - 1) * 220n;
}

function lower(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}
