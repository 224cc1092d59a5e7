import { type Hex, lower } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { ChainClient } from './chain-client.ts';
import { chainError } from './chain-errors.ts';
import { type Creation, escrowCreation, hubCreation, testDollarCreation } from './creation.ts';
import { type Deployment, type DeployPlan, verifyDeployment } from './deployment.ts';
import { payoutHubCode } from './generated/payout-hub-code.ts';

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
    ...(plan.token === undefined ? [testDollarCreation()] : []),
    escrowCreation(plan.gracePeriod),
    // A hub wants a token that exists: before the test dollar does, its part can only be told from its size.
    ...(plan.token === undefined ? [] : [hubCreation({ ...plan, token: plan.token })]),
  ];
  for (const { name, data } of creations) contracts.push({ name, gas: await chain.simulate({ data }) });
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
    const token = lower(plan.token ?? (await create(chain, testDollarCreation(), signal)).contract);
    made.token = token;
    const escrow = await create(chain, escrowCreation(plan.gracePeriod), signal);
    made.escrow = escrow.contract;
    const hub = await create(chain, hubCreation({ ...plan, token }), signal);
    made.hub = hub.contract;
    const deployment = {
      chainId: chain.chainId,
      token,
      escrow: escrow.contract,
      hub: hub.contract,
      created: { escrow: escrow.hash, hub: hub.hash },
      fromBlock: fromBlock.toString(),
    };
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

async function create(
  chain: ChainClient,
  { name, data }: Creation,
  signal?: AbortSignal,
): Promise<{ contract: Hex; hash: Hex }> {
  const { block, contract, hash } = await chain.send({ data }, signal ? { signal } : {});
  if (contract === null) throw new CodedError('deployment_wrong', `${name} has no address.`, { what: name });
  // The next creation is simulated on what this one left.
  await chain.reachBlock(block, signal);
  return { contract, hash };
}

/** A creation's gas: 200 for each byte that is kept, 16 for each that is sent, and what every creation costs. */
function gasBySize(code: string): bigint {
  return 53_000n + BigInt(code.length / 2 - 1) * 220n;
}
