import type { Clock } from '../../core/clock.ts';
import { errorBody } from '../../core/errors.ts';
import type { Log } from '../log.ts';
import type { PayoutLimits } from '../payouts/payout-limits.ts';
import type { SettlementChain } from './settlement-chain.ts';

/** Gas of drawing one channel by itself (`npm run bench -- gas`: settle, repeat); rows of a batch take less. */
const SETTLE_GAS = 57_130n;

/** A draw is worth its gas where it brings this many times as much. */
const TIMES = 50n;

const WEI_PER_COIN = 10n ** 18n;

/** How long a price of gas is believed. */
const FRESH_MS = 60_000;

/** From which amount on a channel is settled without being asked for (rule M14). */
export interface SettleFloor {
  /** In pico: what is not more is not drawn. Undefined while the price of gas, which it depends on, is not known. */
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

  async function ask(): Promise<void> {
    try {
      price = { wei: await chain.gasPrice(), at: clock.now() };
    } catch (error) {
      // The last known price stands; the next look asks again.
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
      if (!price) return undefined;
      const worthIt = (TIMES * SETTLE_GAS * price.wei * gasCoinPrice) / WEI_PER_COIN;
      return worthIt > settleThreshold ? worthIt : settleThreshold;
    },
    look() {
      if (gasCoinPrice === undefined || asking) return;
      if (price && clock.now() - price.at < FRESH_MS) return;
      asking = true;
      void ask();
    },
  };
}
