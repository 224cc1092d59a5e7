import type { Hex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import { parseCoins, type TrustedContracts } from '../sdk/index.ts';

/** The most decimals that a coin may have here. */
const DECIMALS = 12;
/** Coins per million tokens have as many. */
const PRICE_DECIMALS = 6;

export const ADDRESS = /^0x[0-9a-f]{40}$/i;
export const HASH = /^0x[0-9a-f]{64}$/i;

/**
 * Readers of what stands behind a flag, before anything is opened or asked. None repeats the value of a URL: its path
 * may be a key.
 * @throws CodedError `flag_invalid`, which names the flag
 */
export function urlReader(flag: string): (text: string) => string {
  return (text) => {
    const protocol = URL.parse(text)?.protocol;
    if (protocol === 'http:' || protocol === 'https:') return text;
    throw invalid(flag, 'an http or https URL');
  };
}

export function addressReader(flag: string): (text: string) => Hex {
  return (text) => {
    if (ADDRESS.test(text)) return text.toLowerCase() as Hex;
    throw invalid(flag, 'an address: 0x and 40 hex digits');
  };
}

export function countReader(flag: string, least = 1): (text: string) => number {
  return (text) => {
    const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (count >= least && Number.isSafeInteger(count)) return count;
    throw invalid(flag, `a whole number of at least ${least}, below 2^53`);
  };
}

/** @param form of both, for people @param one what each of the two must be */
export function pairReader(flag: string, form: string, one: RegExp): (text: string) => readonly [Hex, Hex] {
  return (text) => {
    const [escrow = '', hub = '', ...more] = text.split(',');
    if (more.length === 0 && one.test(escrow) && one.test(hub))
      return [escrow.toLowerCase() as Hex, hub.toLowerCase() as Hex];
    throw invalid(flag, form);
  };
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
