import { ChainClient } from '../../../chain/chain-client.ts';
import { ChainReader } from '../../../chain/chain-reader.ts';
import { deploy, estimateDeployment } from '../../../chain/deploy.ts';
import { type Deployment, type DeployPlan, verifyDeployment } from '../../../chain/deployment.ts';
import { readDecimals } from '../../../chain/dollar.ts';
import { billGas, checkBill, type GasBill } from '../../../chain/gas-bill.ts';
import type { Hex } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import { unitOf } from '../../../protocol/money/price.ts';
import { createSystemClock } from '../system-clock.ts';
import { isTestChain, LEAST_GRACE_SECONDS } from './test-chains.ts';

export type { Deployment };

export interface DeploymentOrder extends DeployPlan {
  readonly rpcUrl: string;
  readonly chainId: number;
  /** Of the account that pays the gas. */
  readonly privateKey: Hex;
  readonly confirmations: number;
}

export interface DeploymentCost extends GasBill {
  readonly gas: bigint;
  readonly contracts: readonly { readonly name: string; readonly gas: bigint }[];
}

/**
 * What a deployment would do and cost; nothing is sent.
 * @throws CodedError `grace_too_short`, `token_missing`, `decimals_missing`, `decimals_unsupported`, `chain_unreachable`,
 * `chain_mismatch`, `transaction_reverted`
 */
export async function rehearseDeployment(order: DeploymentOrder): Promise<DeploymentCost> {
  return withChain(order, async (chain) => {
    await checkOrder(chain, order);
    return costOf(chain, order);
  });
}

/**
 * Deploys, and reads back that what lies there is this version's code with the planned parameters.
 * @throws CodedError those of `rehearseDeployment`, `gas_missing`, `deployment_wrong`
 */
export async function makeDeployment(order: DeploymentOrder): Promise<Deployment> {
  return withChain(order, async (chain) => {
    await checkOrder(chain, order);
    checkBill(await costOf(chain, order));
    return deploy(chain, order);
  });
}

/**
 * Whether what is there is as planned; what it asks with can send nothing.
 * @throws CodedError `deployment_wrong`, and those of the chain
 */
export async function checkDeployment(
  order: Omit<DeploymentOrder, 'privateKey'>,
  made: Pick<Deployment, 'token' | 'escrow' | 'hub'> & Partial<Deployment>,
): Promise<void> {
  const { chainId, confirmations, rpcUrl } = order;
  return withClock(async (clock) => {
    const chain = new ChainReader({ rpcUrl, chainId, confirmations, clock });
    await chain.checkChain();
    await verifyDeployment(chain, made, order);
  });
}

async function costOf(chain: ChainClient, order: DeploymentOrder): Promise<DeploymentCost> {
  const estimate = await estimateDeployment(chain, order);
  return { ...estimate, ...(await billGas(chain, estimate.gas)) };
}

async function checkOrder(
  chain: ChainClient,
  { chainId, gracePeriod, token }: DeploymentOrder,
): Promise<void> {
  await chain.checkChain();
  if (gracePeriod < LEAST_GRACE_SECONDS && !isTestChain(chainId)) {
    const message = `A grace period has at least ${LEAST_GRACE_SECONDS} seconds: a relay must have the time to settle.`;
    throw new CodedError('grace_too_short', message, { gracePeriod });
  }
  if (token === undefined) {
    if (isTestChain(chainId)) return;
    throw new CodedError('token_missing', `Chain ${chainId} is no test chain: name the coin with --token.`);
  }
  if ((await chain.code(token)) === '0x') {
    throw new CodedError('token_missing', `There is no contract at ${token}.`, { token });
  }
  // The relay would refuse such a coin, and the gas would be spent by then.
  unitOf(await readDecimals(chain, token));
}

function withChain<T>(
  { chainId, confirmations, privateKey, rpcUrl }: DeploymentOrder,
  work: (chain: ChainClient) => Promise<T>,
): Promise<T> {
  return withClock((clock) => work(new ChainClient({ rpcUrl, chainId, confirmations, privateKey, clock })));
}

async function withClock<T>(work: (clock: Clock) => Promise<T>): Promise<T> {
  const clock = createSystemClock();
  try {
    return await work(clock);
  } finally {
    clock.stop();
  }
}
