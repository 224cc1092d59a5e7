import type { PublicClient } from 'viem';

/** What a transaction pays for a unit of gas, in wei; a chain without a base fee knows only the price. */
export type GasPrice =
  | { readonly type: 'eip1559'; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: 'legacy'; readonly gasPrice: bigint };

/** A transaction that is raised in price pays at most this many times what it was first sent with. */
export const MOST_RAISE = 20n;

/** What gets a transaction into one of the next blocks, as the node sees it. */
export async function marketPrice(chain: PublicClient): Promise<GasPrice> {
  try {
    const { maxFeePerGas, maxPriorityFeePerGas } = await chain.estimateFeesPerGas();
    return { type: 'eip1559', maxFeePerGas, maxPriorityFeePerGas };
  } catch (error) {
    if ((error as Error).name !== 'Eip1559FeesNotSupportedError') throw error;
    return { type: 'legacy', gasPrice: await chain.getGasPrice() };
  }
}

/**
 * Half as much again, or the market's price where that is more; nodes take a replacement from a tenth more on. Undefined
 * where the bound leaves no room for that.
 * @param first what it was first sent with: the bound
 */
export function raisedPrice(now: GasPrice, first: GasPrice, market: GasPrice): GasPrice | undefined {
  const raised = greater(half(perGas(now)), perGas(market));
  const most = perGas(first) * MOST_RAISE;
  const price = raised < most ? raised : most;
  if (price * 10n < perGas(now) * 11n) return undefined;
  if (now.type === 'legacy') return { type: 'legacy', gasPrice: price };
  const tip = market.type === 'eip1559' ? market.maxPriorityFeePerGas : 0n;
  const wanted = greater(half(now.maxPriorityFeePerGas), tip);
  return {
    type: 'eip1559',
    maxFeePerGas: price,
    maxPriorityFeePerGas: wanted < price ? wanted : price,
  };
}

/** The most that it pays for a unit of gas. */
export function perGas(price: GasPrice): bigint {
  return price.type === 'legacy' ? price.gasPrice : price.maxFeePerGas;
}

function half(amount: bigint): bigint {
  return (amount * 3n) / 2n + 1n;
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
