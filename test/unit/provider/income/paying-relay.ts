import type { Hex } from '../../../../src/core/bytes.ts';
import { hubIdOf, payoutDigester } from '../../../../src/protocol/money/payout.ts';
import { addressOf, signDigest } from '../../../../src/protocol/money/signature.ts';
import type { Earnings, PayoutTerms, PayoutVoucher } from '../../../../src/protocol/wire/earnings.ts';
import { createMemoryPayouts } from '../../../../src/provider/income/payout-store.ts';
import { createKeySigner } from '../../../../src/provider/wallet/key-signer.ts';
import { createReadyWorld, KEY, type World } from '../world.ts';

const HUB_KEY = new Uint8Array(32).fill(5);
const signer = addressOf(HUB_KEY);
export const ACCOUNT = createKeySigner(KEY).account;

/** A token with 6 decimals, a fee of 5%, and payouts from 10 base units on. */
export const TERMS: PayoutTerms = {
  chainId: 31_337,
  hub: `0x${'b0'.repeat(20)}`,
  token: `0x${'70'.repeat(20)}`,
  owner: signer,
  signer,
  unit: '1000000',
  feeBps: 500,
  minimum: '10000000',
  threshold: '1000000000000',
};

export const NOTHING: Earnings = {
  accrued: '0',
  vested: '0',
  paid: '0',
  forfeited: '0',
  batch: null,
  payout: { name: 'none' },
  lastPaid: null,
};

export function signVoucher(
  cumulative: number,
  changes: Partial<PayoutVoucher> = {},
  key = HUB_KEY,
): PayoutVoucher {
  const { chainId, hub } = TERMS;
  const terms = { payee: ACCOUNT, chainId, hub, ...changes };
  const place = { chainId: terms.chainId, contract: terms.hub };
  const digest = payoutDigester(hubIdOf(TERMS, place), place);
  const signature: Hex = signDigest(
    digest({ payee: terms.payee, cumulativeAmount: BigInt(cumulative) }),
    key,
  );
  return { ...terms, cumulative: String(cumulative), signature, ...(changes.signature ? changes : {}) };
}

export interface PaidWorld extends World {
  readonly payouts: ReturnType<typeof createMemoryPayouts>;
  /** The relay tells figures, and time passes until they are heard. */
  tell(changes: Partial<Earnings>): Promise<void>;
  send(voucher: PayoutVoucher): Promise<void>;
}

/** A provider at a relay that pays, welcomed and told that it has earned nothing yet. */
export async function createPaidWorld(
  changes: { creditLimit?: bigint; payouts?: ReturnType<typeof createMemoryPayouts> } = {},
): Promise<PaidWorld> {
  const payouts = changes.payouts ?? createMemoryPayouts();
  const world = await createReadyWorld({ terms: TERMS, ...changes, payouts });
  const paid: PaidWorld = {
    ...world,
    payouts,
    async tell(figures) {
      world.relay.send({ type: 'earnings', ...NOTHING, ...figures });
      await world.clock.advance(5);
    },
    async send(voucher) {
      world.relay.send({ type: 'voucher', ...voucher });
      await world.clock.advance(5);
    },
  };
  await paid.tell({});
  return paid;
}
