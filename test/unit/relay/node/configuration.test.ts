import { describe, expect, it } from 'vitest';
import { readConfiguration } from '../../../../src/relay/node/configuration.ts';

const place = {
  rpcUrl: 'http://localhost:1',
  token: `0x${'11'.repeat(20)}`,
  escrow: `0x${'22'.repeat(20)}`,
  hub: `0x${'33'.repeat(20)}`,
};
const chainOf = (more: { chainId: number } & Record<string, unknown>) =>
  readConfiguration({ chain: { ...place, ...more } }).chain;

describe('a relay’s chain', () => {
  it('K13 a deposit counts after 12 blocks on Ethereum itself, after 2 elsewhere, or as was set', () => {
    expect(chainOf({ chainId: 1 })?.confirmations).toBe(12);
    expect(chainOf({ chainId: 8453 })?.confirmations).toBe(2);
    expect(chainOf({ chainId: 1, confirmations: '3' })?.confirmations).toBe(3);
    expect(() => chainOf({ chainId: 1, confirmations: 0 })).toThrow(/chain\.confirmations/);
  });

  it('K14 and a transaction is waited for as long as its confirmations take, or as was set', () => {
    // 12 s a block, from the one that it is in.
    expect(chainOf({ chainId: 1 })?.confirmMs).toBeGreaterThan(2 * 11 * 12_000);
    expect(chainOf({ chainId: 8453 })?.confirmMs).toBe(120_000);
    expect(chainOf({ chainId: 8453, confirmations: 12 })?.confirmMs).toBe(chainOf({ chainId: 1 })?.confirmMs);
    expect(chainOf({ chainId: 1, confirmMs: '5000' })?.confirmMs).toBe(5_000);
  });

  it('M14 a coin of gas has a price in coins, to the sixth decimal, or none', () => {
    expect(chainOf({ chainId: 1 })?.gasCoinPrice).toBe(undefined);
    expect(chainOf({ chainId: 1, gasCoinPrice: '2500' })?.gasCoinPrice).toBe(2_500n * 10n ** 12n);
    expect(chainOf({ chainId: 1, gasCoinPrice: '0.45' })?.gasCoinPrice).toBe(45n * 10n ** 10n);
    expect(() => chainOf({ chainId: 1, gasCoinPrice: '-1' })).toThrow(/chain\.gasCoinPrice/);
  });
});
