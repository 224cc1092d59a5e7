import { attemptTotal, fullCost, type JobTerms, type Progress } from '../../src/protocol/money/price.ts';
import type { JobReceipt } from '../../src/protocol/money/receipt.ts';
import type { PaymentEvent } from '../../src/relay/payments/payment-events.ts';

/** The demo's prices; see `moneyOn` in local-network.ts. */
const PRICE = { out: 1_000_000n, prompt: 200_000n, feeBps: 500 } as const;

/** What was paid for one job, by tab, in pico. */
interface JobMoney {
  charged: bigint;
  fee: bigint;
  readonly accrued: Map<string, bigint>;
}

/** Follows the ledger's payments of a round, to hold them against what the tabs delivered. */
export class LossMoney {
  readonly #jobs = new Map<string, JobMoney>();

  hear(event: PaymentEvent): void {
    if (event.type !== 'accrued') return;
    const money = this.#jobs.get(event.job) ?? { charged: 0n, fee: 0n, accrued: new Map<string, bigint>() };
    money.charged += event.charged;
    money.fee += event.fee;
    money.accrued.set(event.provider, (money.accrued.get(event.provider) ?? 0n) + event.accrued);
    this.#jobs.set(event.job, money);
  }

  /** Every position is paid once, to the tab that delivered it (rules M3, M4); empty means so. */
  problemsOf(receipt: JobReceipt): string[] {
    const { job, promptTokens, outputTokens, attempts } = receipt;
    const terms: JobTerms = { ...PRICE, promptTokens };
    const money = this.#jobs.get(job);
    if (!money) return [`${job}: nothing was paid`];
    const problems: string[] = [];
    const expect = (what: string, found: bigint, due: bigint): void => {
      if (found !== due) problems.push(`${job}: ${what} ${found}, due ${due}`);
    };
    const due = new Map<string, bigint>();
    let before: Progress = { chunks: 0, tokens: 0 };
    for (const [index, { provider, chunks, count }] of attempts.entries()) {
      const finished = index === attempts.length - 1 && receipt.finish !== null;
      const now = { chunks: before.chunks + chunks.length, tokens: before.tokens + count, finished };
      due.set(provider, (due.get(provider) ?? 0n) + attemptTotal(terms, before, now));
      before = now;
    }
    expect('charged', money.charged, fullCost(terms, outputTokens));
    for (const [provider, share] of due)
      expect(`accrued to ${provider}`, money.accrued.get(provider) ?? 0n, share);
    const accrued = [...money.accrued.values()].reduce((sum, share) => sum + share, 0n);
    expect('fee', money.fee, money.charged - accrued);
    return problems;
  }
}
