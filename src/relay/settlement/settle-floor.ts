import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { Log } from '../log.ts';
import type { PayoutLimits } from '../payouts/payout-limits.ts';
import type { SettlementChain } from './settlement-chain.ts';

/** Gas of drawing one channel by itself (`npm run bench -- gas`: settle, repeat); rows of a batch take less. */
export const SETTLE_GAS = 57_148n;

/** A draw is worth its gas where it brings this many times as much. */
const TIMES = 50n;

const WEI_PER_GAS_COIN = 10n ** 18n;

/** How long a price of gas is believed. */
const FRESH_MS = 60_000;

/** From which amount on a channel is settled without being asked for (rule M14). */
export interface SettleFloor {
  /** In pico: what is not more is not drawn. Undefined while the price of gas, which it depends on, is not known, or only an old one. */
  current(): bigint | undefined;
  /** Reads the price of gas anew where it is needed, and calls `changed` then. */
  look(): void;
}

export interface SettleFloorParts {
  readonly chain: Pick<SettlementChain, 'gasPrice'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<PayoutLimits, 'settleThreshold' | 'gasCoinPrice'>;
  readonly changed: () => void;
}

export function createSettleFloor({ chain, changed, clock, limits, log }: SettleFloorParts): SettleFloor {
  const { gasCoinPrice, settleThreshold } = limits;
  /** Wei, and when it was read. */
  let price: { readonly wei: bigint; readonly at: number } | undefined;
  let asking = false;

  const isFresh = (): boolean => price !== undefined && clock.now() - price.at < FRESH_MS;

  async function ask(): Promise<void> {
    try {
      price = { wei: await chain.gasPrice(), at: clock.now() };
    } catch (error) {
      // The next look asks again.
      log.warn({ error: errorBody(error) }, 'The price of gas could not be read.');
      return;
    } finally {
      asking = false;
    }
    changed();
  }

  return {
    current() {
      if (gasCoinPrice === undefined) return settleThreshold;
      if (!price || !isFresh()) return undefined;
      const worthIt = (TIMES * SETTLE_GAS * price.wei * gasCoinPrice) / WEI_PER_GAS_COIN;
      return worthIt > settleThreshold ? worthIt : settleThreshold;
    },
    look() {
      if (gasCoinPrice === undefined || asking || isFresh()) return;
      asking = true;
      void ask();
    },
  };
}
