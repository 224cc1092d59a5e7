import { BaseError, decodeErrorResult, type Hex } from 'viem';
import { CodedError } from '../core/errors.ts';
import { paymentChannelAbi } from './generated/payment-channel-abi.ts';
import { payoutHubAbi } from './generated/payout-hub-abi.ts';
import { testDollarAbi } from './generated/test-dollar-abi.ts';

/** The errors that a call may end with, its token's included. Many tokens share the names of OpenZeppelin's. */
const errorAbi = [...paymentChannelAbi, ...payoutHubAbi, ...testDollarAbi].filter(
  (entry) => entry.type === 'error',
);

/**
 * A failed request to the chain under the project's codes: `transaction_reverted` {reason, arguments} where the
 * contract refused, `chain_unreachable` where nobody answered, `chain_refused` where the node did not want to.
 */
export function chainError(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (!(error instanceof BaseError)) {
    return new CodedError('chain_unreachable', 'The chain does not answer.', undefined, error);
  }
  const data = revertData(error);
  if (data !== undefined) return revertError(data, error);
  if (error.walk((inner) => unreachable.has((inner as Error).name))) {
    return new CodedError(
      'chain_unreachable',
      'The chain does not answer.',
      { detail: error.shortMessage },
      error,
    );
  }
  return new CodedError('chain_refused', error.shortMessage, { detail: error.details }, error);
}

/**
 * Why a first question failed, in terms of the RPC's host. Never more of its URL: path and query may hold a key.
 * @returns the error itself where it is not `chain_unreachable`
 */
export function connectionError(error: unknown, rpcUrl: string): CodedError {
  const known = chainError(error);
  if (known.code !== 'chain_unreachable') return known;
  const host = URL.canParse(rpcUrl) ? new URL(rpcUrl).host : 'its RPC';
  return new CodedError(known.code, describeSilence(known.cause, host), { ...known.data, host }, known);
}

function describeSilence(cause: unknown, host: string): string {
  // Whoever answers, but with something else than JSON-RPC, is none.
  if (!(cause instanceof BaseError)) return `${host} answers, but not as a chain's RPC does.`;
  const http = cause.walk((inner) => (inner as { status?: unknown }).status !== undefined);
  if (http) return `${host} answers with HTTP ${String((http as { status?: unknown }).status)}.`;
  if (cause.walk((inner) => inner instanceof SyntaxError))
    return `${host} answers, but not as a chain's RPC does.`;
  return `The chain does not answer at ${host}.`;
}

const unreachable = new Set(['HttpRequestError', 'TimeoutError', 'WebSocketRequestError']);

/** A revert as an error, its reason by name where we know it. */
export function revertError(data: Hex, cause?: unknown): CodedError {
  const { reason, values } = decodeRevert(data);
  return new CodedError(
    'transaction_reverted',
    `The contract refused: ${reason}.`,
    { reason, ...(values.length > 0 ? { arguments: values.map(String) } : {}) },
    cause,
  );
}

function decodeRevert(data: Hex): { reason: string; values: readonly unknown[] } {
  try {
    const decoded: { errorName: string; args?: readonly unknown[] } = decodeErrorResult({
      abi: errorAbi,
      data,
    });
    const values = decoded.args ?? [];
    // `require` with a text: the text says more than its wrapper.
    if (decoded.errorName === 'Error') return { reason: String(values[0]), values: [] };
    return { reason: decoded.errorName, values };
  } catch {
    return { reason: data === '0x' ? 'no reason given' : data.slice(0, 10), values: [] };
  }
}

/** What a node answers to a call that reverts: its data, if that is what happened. */
function revertData(error: BaseError): Hex | undefined {
  const holder = error.walk((inner) => typeof dataOf(inner) === 'string');
  const data = holder === null ? undefined : dataOf(holder);
  if (data !== undefined) return data;
  return error.walk((inner) => (inner as Error).name === 'ExecutionRevertedError') ? '0x' : undefined;
}

function dataOf(error: unknown): Hex | undefined {
  const { data } = error as { data?: unknown };
  if (typeof data === 'string' && data.startsWith('0x')) return data as Hex;
  const nested = (data as { data?: unknown } | null | undefined)?.data;
  return typeof nested === 'string' && nested.startsWith('0x') ? (nested as Hex) : undefined;
}
