import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { Call } from './call.ts';
import type { ChainReader } from './chain-reader.ts';
import { settleManyCall } from './channel.ts';
import { type Creation, escrowCreation, hubCreation } from './creation.ts';
import { paymentChannelRuntime } from './generated/payment-channel-code.ts';
import { payoutHubRuntime } from './generated/payout-hub-code.ts';
import { redeemCall } from './hub.ts';
import { escrowImmutables, hubImmutables, type Immutable } from './immutables.ts';
import { readImmutables, type RuntimeCode } from './runtime-code.ts';

/** Where the contracts of one relay live. Lower-case addresses. */
export interface Deployment {
  readonly chainId: number;
  readonly token: Hex;
  /** The contract `PaymentChannel`. */
  readonly escrow: Hex;
  readonly hub: Hex;
  /** The transactions that made the two contracts. */
  readonly created: Created;
  /** The first block that can hold an event of theirs. */
  readonly fromBlock: string;
}

export interface Created {
  readonly escrow: Hex;
  readonly hub: Hex;
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
 * Reads back that the contracts are what they are said to be, and that they run on this chain (rule K15): their code is
 * this version's, byte for byte, with the planned parameters at each place where the code has a copy of one. With the
 * transactions that made them also that nothing but this version's constructors ran, which alone says what their storage
 * held at first: a constructor of somebody's own could leave the same code.
 * @throws CodedError `deployment_wrong` {what, parameter?, found?, wanted?, misplaced?}, and those of the chain
 */
export async function verifyDeployment(
  chain: ChainReader,
  { created, escrow, hub, token }: Pick<Deployment, 'token' | 'escrow' | 'hub'> & Partial<Deployment>,
  plan: DeployPlan,
): Promise<void> {
  const [tokenCode, escrowCode, hubCode] = await Promise.all(
    [token, escrow, hub].map((address) => chain.code(address)),
  );
  if (tokenCode === '0x') throw wrong(`no contract at the coin's address ${token}`);
  const place = (contract: Hex) => ({ chainId: chain.chainId, contract });
  checkCode(
    'escrow',
    escrowCode as Hex,
    paymentChannelRuntime,
    escrowImmutables(place(escrow), plan.gracePeriod),
  );
  checkCode('hub', hubCode as Hex, payoutHubRuntime, hubImmutables(place(hub), { ...plan, token }));
  if (created) {
    await checkCreation(chain, 'escrow', [created.escrow, escrow], escrowCreation(plan.gracePeriod));
    await checkCreation(chain, 'hub', [created.hub, hub], hubCreation({ ...plan, token }));
  }
  await checkRuns(chain, 'escrow', settleManyCall(escrow, token, []));
  await checkRuns(chain, 'hub', redeemCall(hub, []));
}

function checkCode<Name extends string>(
  contract: 'escrow' | 'hub',
  code: Hex,
  runtime: RuntimeCode<Name>,
  wanted: Readonly<Record<Name, Immutable>>,
): void {
  if (code === '0x') throw wrong(`no contract at the ${contract}'s address`);
  const found = readImmutables(code, runtime);
  if (!found) {
    const other = contract === 'escrow' ? payoutHubRuntime : paymentChannelRuntime;
    const misplaced = readImmutables<string>(code, other) !== undefined;
    throw wrong(`the ${contract} has other code than this version's`, misplaced ? { misplaced } : {});
  }
  for (const name of Object.keys(wanted) as Name[]) checkImmutable(found[name], wanted[name]);
}

function checkImmutable(found: readonly Hex[], { planned, what, word }: Immutable): void {
  if (found.length === 1 && found[0] === word) return;
  const read = planned?.read ?? String;
  const texts = found.map(read);
  const details = { found: texts, wanted: read(word), ...(planned ? { parameter: planned.as } : {}) };
  if (texts.length > 1)
    throw wrong(`${what} is not the same everywhere in the code: ${texts.join(' and ')}`, details);
  if (!planned) throw wrong(`${what} is another one than its parts make`, details);
  throw wrong(`${what} is ${texts[0]}, and ${read(word)} was asked for`, details);
}

async function checkCreation(
  chain: ChainReader,
  contract: 'escrow' | 'hub',
  [hash, address]: readonly [hash: Hex, address: Hex],
  { data }: Creation,
): Promise<void> {
  const found = await chain.creationOf(hash);
  if (found?.contract !== address)
    throw wrong(`this RPC knows no transaction ${hash} that made the ${contract}`);
  if (found.data !== data) {
    throw wrong(`the ${contract} was made by other initcode, or with other parameters, than this version's`);
  }
}

/** A batch of no rows does nothing, behind the guard against reentry that all that moves money stands behind. */
async function checkRuns(chain: ChainReader, what: string, call: Call): Promise<void> {
  try {
    await chain.read(call);
  } catch (error) {
    const { code } = error as CodedError;
    if (code !== 'transaction_reverted' && code !== 'chain_refused') throw error;
    throw wrong(
      `the ${what} does not run on this chain, which may lack transient storage (EIP-1153)`,
      {},
      error,
    );
  }
}

function wrong(what: string, details: Readonly<Record<string, unknown>> = {}, cause?: unknown): CodedError {
  const message = `The deployed contracts are not as planned: ${what}.`;
  return new CodedError('deployment_wrong', message, { what, ...details }, cause);
}
