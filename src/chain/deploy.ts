import { encodeDeployData, type Hex } from 'viem';
import { CodedError } from '../core/errors.ts';
import type { ChainClient } from './chain-client.ts';
import { chainError } from './chain-errors.ts';
import { type Deployment, type DeployPlan, verifyDeployment } from './deployment.ts';
import { paymentChannelAbi } from './generated/payment-channel-abi.ts';
import { paymentChannelCode } from './generated/payment-channel-code.ts';
import { payoutHubAbi } from './generated/payout-hub-abi.ts';
import { payoutHubCode } from './generated/payout-hub-code.ts';
import { testDollarAbi } from './generated/test-dollar-abi.ts';
import { testDollarCode } from './generated/test-dollar-code.ts';

/** One contract to be made: what it is, and what is sent. */
interface Creation {
  readonly name: 'TestDollar' | 'PaymentChannel' | 'PayoutHub';
  readonly data: Hex;
}

/**
 * What a deployment would cost, without sending anything. The hub's part is told from its size where its token is yet to
 * be made.
 */
export async function estimateDeployment(
  chain: ChainClient,
  plan: DeployPlan,
): Promise<{ gas: bigint; contracts: { name: string; gas: bigint }[] }> {
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
  return { gas, contracts };
}

/**
 * Deploys what is missing and verifies it.
 * @throws CodedError as `ChainClient.send`, `deployment_wrong`: `data.made` has the addresses of what is there by then,
 * paid for already
 */
export async function deploy(
  chain: ChainClient,
  plan: DeployPlan,
  signal?: AbortSignal,
): Promise<Deployment> {
  await chain.checkChain();
  const fromBlock = await chain.newestBlock();
  const made: Partial<Record<'token' | 'escrow' | 'hub', Hex>> = {};
  try {
    made.token = lower(plan.token ?? (await create(chain, testDollar(), signal)));
    made.escrow = await create(chain, paymentChannel(plan), signal);
    made.hub = await create(chain, payoutHub(made.token, plan), signal);
    const { token, escrow, hub } = made;
    const deployment = { chainId: chain.chainId, token, escrow, hub, fromBlock: fromBlock.toString() };
    await readBack(chain, deployment, plan, signal);
    return deployment;
  } catch (error) {
    throw unfinished(chainError(error), made);
  }
}

/** How often what was just deployed is read again: nodes behind one address don't all see it at once. */
const READS = 5;

async function readBack(
  chain: ChainClient,
  deployment: Deployment,
  plan: DeployPlan,
  signal?: AbortSignal,
): Promise<void> {
  for (let read = 1; ; read++) {
    try {
      return await verifyDeployment(chain, deployment, plan);
    } catch (error) {
      if (read === READS) throw error;
      await chain.pause(signal);
    }
  }
}

/** The same error, which also says what of the deployment is there: its gas is paid, its address is known nowhere else. */
function unfinished(error: CodedError, made: Partial<Record<'token' | 'escrow' | 'hub', Hex>>): CodedError {
  const { hash } = error.data ?? {};
  const there = Object.entries(made).map(([name, address]) => `${name} ${address}`);
  const words = [
    error.message,
    ...(error.code === 'transaction_unconfirmed' ? [`It may still be mined: ${String(hash)}.`] : []),
    there.length === 0 ? 'Nothing was deployed before it.' : `Until then: ${there.join(', ')}.`,
  ];
  return new CodedError(error.code, words.join(' '), { ...error.data, made }, error);
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
  const { block, contract } = await chain.send({ data }, signal ? { signal } : {});
  if (contract === null) throw new CodedError('deployment_wrong', `${name} has no address.`, { what: name });
  // The next creation is simulated on what this one left.
  await chain.reachBlock(block, signal);
  return contract;
}

/** A creation's gas: 200 for each byte that is kept, 16 for each that is sent, and what every creation costs. */
function gasBySize(code: string): bigint {
  return 53_000n + BigInt(code.length / 2 - 1) * 220n;
}

function lower(address: Hex): Hex {
  return address.toLowerCase() as Hex;
}
