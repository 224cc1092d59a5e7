import type { Hex } from '../../../src/core/bytes.ts';

/** Hands each call on to a coin's code (EIP-1167), with a storage of its own. */
export function proxyCode(coin: Hex): Hex {
  return `0x${body(coin, '2b')}`;
}

/** The same, but for `receiveWithAuthorization` with the signature as bytes: that it does not know, as USDC before 2.2. */
export function proxyWithoutBytesCode(coin: Hex): Hex {
  // If the first four bytes of the call are the selector, go to the end, which reverts.
  return `0x60003560e01c6388b7ab6314603c57${body(coin, '3a')}5b60006000fd`;
}

function body(coin: Hex, end: string): string {
  return `363d3d373d3d3d363d73${coin.slice(2)}5af43d82803e903d9160${end}57fd5bf3`;
}
