import { decodeFunctionResult, encodeFunctionData, type Log, parseAbi, parseEventLogs } from 'viem';
import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import type { Authorization } from '../protocol/money/authorization.ts';
import type { Domain } from '../protocol/money/typed-data.ts';
import type { Call } from './call.ts';
import type { At, ChainReader } from './chain-reader.ts';
import { testDollarAbi as abi } from './generated/test-dollar-abi.ts';

/** The faucet of the test dollar. Anybody may call. */
export function mintCall(token: Hex, to: Hex, amount: bigint): Call {
  return { to: token, data: encodeFunctionData({ abi, functionName: 'mint', args: [to, amount] }) };
}

export function approveCall(token: Hex, spender: Hex, amount: bigint): Call {
  return { to: token, data: encodeFunctionData({ abi, functionName: 'approve', args: [spender, amount] }) };
}

export function transferCall(token: Hex, to: Hex, amount: bigint): Call {
  return { to: token, data: encodeFunctionData({ abi, functionName: 'transfer', args: [to, amount] }) };
}

/** Anybody moves money by its holder's `TransferWithAuthorization` (x402). */
export function transferWithAuthorizationCall(
  token: Hex,
  { from, to, value, validAfter, validBefore, nonce }: Authorization,
  signature: Hex,
): Call {
  const args = [from, to, value, validAfter, validBefore, nonce, signature] as const;
  return { to: token, data: encodeFunctionData({ abi, functionName: 'transferWithAuthorization', args }) };
}

/** `to` moves money to itself by the holder's `ReceiveWithAuthorization`: what the escrow does. */
export function receiveWithAuthorizationCall(
  token: Hex,
  { from, to, value, validAfter, validBefore, nonce }: Authorization,
  signature: Hex,
): Call {
  const args = [from, to, value, validAfter, validBefore, nonce, signature] as const;
  return { to: token, data: encodeFunctionData({ abi, functionName: 'receiveWithAuthorization', args }) };
}

/** What an account holds of a token, in base units. */
export async function readDollars(
  chain: ChainReader,
  token: Hex,
  of: Hex,
  at: At = 'newest',
): Promise<bigint> {
  const functionName = 'balanceOf';
  const data = encodeFunctionData({ abi, functionName, args: [of] });
  return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: token, data }, at) });
}

/** What of a token went from one account to another, by the logs of a transaction. */
export function movedIn(logs: readonly Log[], token: Hex, { from, to }: { from: Hex; to: Hex }): bigint {
  let moved = 0n;
  for (const { address, args } of parseEventLogs({ abi, logs: [...logs], eventName: 'Transfer' })) {
    const isThis = [address, args.from, args.to].join().toLowerCase() === [token, from, to].join();
    if (isThis) moved += args.value;
  }
  return moved;
}

/** Whether an authorization was carried out or taken back. */
export async function readAuthorizationUsed(
  chain: ChainReader,
  token: Hex,
  from: Hex,
  nonce: Hex,
): Promise<boolean> {
  const functionName = 'authorizationState';
  const data = encodeFunctionData({ abi, functionName, args: [from, nonce] });
  return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: token, data }) });
}

/**
 * Digits after the point; coins with more than 12 are refused (rule M1).
 * @throws CodedError `decimals_missing`: whatever is there, no coin, and those of the chain
 */
export async function readDecimals(chain: ChainReader, token: Hex): Promise<number> {
  const functionName = 'decimals';
  const data = encodeFunctionData({ abi, functionName });
  try {
    return decodeFunctionResult({ abi, functionName, data: await chain.read({ to: token, data }) });
  } catch (error) {
    if (error instanceof CodedError && error.code !== 'transaction_reverted') throw error;
    const message = `${token} is no ERC-20 coin: it does not tell its decimals.`;
    throw new CodedError('decimals_missing', message, { token }, error);
  }
}

/** A coin as people know it. */
export interface Coin {
  readonly decimals: number;
  /** Its name; its address where it tells none. */
  readonly coin: string;
}

/** @throws CodedError as `readDecimals` */
export async function readCoin(chain: ChainReader, token: Hex): Promise<Coin> {
  return { decimals: await readDecimals(chain, token), coin: await readName(chain, token) };
}

/** What is printed is no place for a stranger's control characters. */
async function readName(chain: ChainReader, token: Hex): Promise<string> {
  const functionName = 'name';
  const data = encodeFunctionData({ abi, functionName });
  try {
    const name = decodeFunctionResult({ abi, functionName, data: await chain.read({ to: token, data }) });
    return name.replace(/\p{C}/gu, '').slice(0, 40) || token;
  } catch (error) {
    if (error instanceof CodedError && error.code !== 'transaction_reverted') throw error;
    return token;
  }
}

/** The EIP-712 domain that a token's authorizations are signed under, as the token says it. */
export async function readTokenDomain(chain: ChainReader, token: Hex): Promise<Domain> {
  try {
    return await readDomain(chain, token);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'transaction_reverted') throw error;
    // USDC has no EIP-5267: its domain is its name and its version.
    const [name, version] = await Promise.all(
      (['name', 'version'] as const).map(async (functionName) => {
        const data = await chain.read({
          to: token,
          data: encodeFunctionData({ abi: usdcAbi, functionName }),
        });
        return decodeFunctionResult({ abi: usdcAbi, functionName, data });
      }),
    );
    return {
      name: name as string,
      version: version as string,
      chainId: BigInt(chain.chainId),
      verifyingContract: token,
    };
  }
}

const usdcAbi = parseAbi([
  'function name() view returns (string)',
  'function version() view returns (string)',
]);

async function readDomain(chain: ChainReader, token: Hex): Promise<Domain> {
  const functionName = 'eip712Domain';
  const data = encodeFunctionData({ abi, functionName });
  const [, name, version, chainId] = decodeFunctionResult({
    abi,
    functionName,
    data: await chain.read({ to: token, data }),
  });
  return { name, version, chainId, verifyingContract: token };
}
