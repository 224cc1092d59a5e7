import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { Clock } from '../../core/clock.ts';
import type { ChainPort } from './chain-port.ts';

/** Between two gifts to one account, and to one network address: there may be many accounts behind it. */
const PAUSE_MS = { account: 10_000, address: 500 };
const REMEMBERED = 10_000;

/** Gives the test token away. Only where the operator said so, on a test chain. */
export interface Faucet {
  /** @throws CodedError `faucet_limit`, `transaction_reverted`, `chain_unreachable` */
  drip(to: Hex, ip: string): Promise<{ txHash: Hex; amount: string }>;
}

/** @param amount base units a gift */
export function createFaucet(chain: ChainPort, clock: Clock, amount: bigint): Faucet {
  const last = new Map<string, number>();
  return {
    async drip(to, ip) {
      const now = clock.now();
      const isEarly = (name: string, pause: number): boolean => now - (last.get(name) ?? 0) < pause;
      if (isEarly(to, PAUSE_MS.account) || isEarly(ip, PAUSE_MS.address)) {
        const seconds = PAUSE_MS.account / 1000;
        throw new CodedError('faucet_limit', `The faucet gives once in ${seconds} s: try again then.`);
      }
      for (const name of [to, ip]) last.set(name, now);
      for (const oldest of last.keys()) {
        if (last.size <= REMEMBERED) break;
        last.delete(oldest);
      }
      const { hash } = await chain.mint(to, amount);
      return { txHash: hash, amount: String(amount) };
    },
  };
}
