import { type Hex, toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { hubDomain, hubIdOf } from '../protocol/money/payout.ts';
import { domainSeparator } from '../protocol/money/typed-data.ts';
import { channelDomain } from '../protocol/money/voucher.ts';
import type { Call, ChainClient } from './chain-client.ts';
import { readChannelSeparator, readGracePeriod, settleManyCall } from './channel.ts';
import { paymentChannelRuntime } from './generated/payment-channel-code.ts';
import { payoutHubRuntime } from './generated/payout-hub-code.ts';
import { readHub, readHubSeparator, redeemCall } from './hub.ts';
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

/**
 * Reads back that the contracts are what they are said to be, and that they run on this chain (rule K15). What the
 * constructors wrote is masked where the code is compared, and compared by what the contracts answer.
 * @throws CodedError `deployment_wrong` {what}, and those of the chain
 */
export async function verifyDeployment(
  chain: ChainClient,
  { token, channel, hub }: Pick<Deployment, 'token' | 'channel' | 'hub'>,
  plan: DeployPlan,
): Promise<void> {
  for (const [what, address, runtime] of [
    ['token', token, undefined],
    ['channel', channel, paymentChannelRuntime],
    ['hub', hub, payoutHubRuntime],
  ] as const) {
    const code = await chain.code(address);
    if (code === '0x') throw wrong(`no contract at the ${what}'s address`);
    if (runtime && !isCodeOf(code, runtime)) throw wrong(`the ${what} has other code than this version's`);
  }
  const { chainId } = chain;
  const [channelPlace, hubPlace] = [channel, hub].map((contract) => ({ chainId, contract })) as [
    Place,
    Place,
  ];
  if ((await readGracePeriod(chain, channel)) !== plan.gracePeriod) throw wrong('grace period');
  if ((await readChannelSeparator(chain, channel)) !== toHex(domainSeparator(channelDomain(channelPlace))))
    throw wrong("the channel's signature domain");
  const found = await readHub(chain, hub);
  if (found.token !== token) throw wrong("the hub's token");
  if (found.owner !== plan.owner.toLowerCase()) throw wrong("the hub's owner");
  if (found.signer !== plan.signer.toLowerCase()) throw wrong("the hub's signer");
  if (found.hubId !== hubIdOf(found, hubPlace)) throw wrong("the hub's id");
  if ((await readHubSeparator(chain, hub)) !== toHex(domainSeparator(hubDomain(hubPlace))))
    throw wrong("the hub's signature domain");
  await checkRuns(chain, 'channel', settleManyCall(channel, token, []));
  await checkRuns(chain, 'hub', redeemCall(hub, []));
}

interface Place {
  readonly chainId: number;
  readonly contract: Hex;
}

/** A batch of no rows does nothing, behind the guard against reentry that all that moves money stands behind. */
async function checkRuns(chain: ChainClient, what: string, call: Call): Promise<void> {
  try {
    await chain.read(call);
  } catch (error) {
    const { code } = error as CodedError;
    if (code !== 'transaction_reverted' && code !== 'chain_refused') throw error;
    throw wrong(`the ${what} does not run on this chain, which may lack transient storage (EIP-1153)`, error);
  }
}

function wrong(what: string, cause?: unknown): CodedError {
  const message = `The deployed contracts are not as planned: ${what}.`;
  return new CodedError('deployment_wrong', message, { what }, cause);
}
