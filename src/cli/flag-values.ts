import { CodedError } from '../core/errors.ts';
import { parseCoins, type TrustedContracts } from '../sdk/index.ts';

/** The most decimals that a coin may have here. */
const DECIMALS = 12;
/** Coins per million tokens have as many. */
const PRICE_DECIMALS = 6;

/**
 * Readers of what stands behind a flag, before anything is opened or asked. None repeats the value of a URL: its path
 * may be a key.
 * @throws CodedError `flag_invalid`, which names the flag
 */
export function readRpcUrl(text: string): string {
  const protocol = URL.parse(text)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return text;
  throw invalid('--rpc-url', 'an http or https URL');
}

/** 0 takes a free one. */
export function readPort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw invalid('--port', 'a whole number from 0 to 65535');
}

/** @param flag for people @returns the text, which is whole coins */
export function readCoins(flag: string, text: string, decimals = DECIMALS): string {
  try {
    parseCoins(text, decimals);
    return text;
  } catch (cause) {
    throw invalid(flag, 'a number of coins, for example 1.50', cause);
  }
}

export function readMaxPrice(text: string | undefined): { out: string; prompt: string } | undefined {
  if (text === undefined) return undefined;
  const [, out, prompt] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  try {
    for (const price of [out, prompt]) parseCoins(price ?? '', PRICE_DECIMALS);
    return { out: out ?? '', prompt: prompt ?? '' };
  } catch (cause) {
    throw invalid('--max-price', 'OUT/PROMPT, for example 0.50/0.10', cause);
  }
}

export function readContracts(text: string | undefined): TrustedContracts | undefined {
  if (text === undefined) return undefined;
  const [, chainId, escrow, token] = /^(\d+):(0x[0-9a-fA-F]{40}):(0x[0-9a-fA-F]{40})$/.exec(text) ?? [];
  if (escrow && token) return { chainId: Number(chainId), escrow, token };
  throw invalid('--contracts', 'CHAIN:ESCROW:TOKEN, for example 8453:0x…:0x…');
}

function invalid(flag: string, form: string, cause?: unknown): CodedError {
  return new CodedError('flag_invalid', `${flag} must be ${form}.`, { flag }, cause);
}
