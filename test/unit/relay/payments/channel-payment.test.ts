import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../../src/core/bytes.ts';
import { createMemoryLedger } from '../../../../src/relay/ledger/memory-ledger.ts';
import { ChannelPayment } from '../../../../src/relay/payments/channel-payment.ts';

const hex = (byte: string, length: number): Hex => `0x${byte.repeat(length)}`;
const channel = hex('c1', 32);
const job = hex('0b', 16);
const provider = hex('a1', 20);
const payer = hex('b1', 20);
const signature = hex('51', 65);
const terms = { out: 1_000_000n, prompt: 0n, promptTokens: 10, feeBps: 500 };

/** A job of 96 tokens, of which two chunks are covered, on a channel whose voucher pays for `paid` tokens. */
async function runningJob(paid: bigint): Promise<ChannelPayment> {
  const ledger = createMemoryLedger({ unit: 1_000_000n });
  const facts = {
    payer,
    signer: payer,
    deposit: 1_000n,
    settled: 0n,
    closeRequestedAt: 0,
    finalized: false,
    block: 1,
  };
  await ledger.commit([{ type: 'channel', id: 'open', channel, ...facts }]);
  await ledger.commit([{ type: 'voucher', id: 'first', channel, cumulative: 64n, signature }]);
  const [held] = await ledger.commit([
    { type: 'reserve', id: 'reserve', channel, job, terms, maxTokens: 96, cover: 64 },
  ]);
  if (!held.ok) throw new Error(held.code);
  if (paid > 64n)
    await ledger.commit([{ type: 'voucher', id: 'second', channel, cumulative: paid, signature }]);
  return new ChannelPayment({
    ledger,
    now: () => 1_800_000_000_000,
    job,
    channel,
    terms,
    maxTokens: 96,
    covered: held.covered,
    mayCover: () => true,
    isOver: () => false,
    paid: () => {},
    ended: () => {},
    needs: () => {},
  });
}

const tail = { kind: 'tail', job, lease: 0, provider, progress: { chunks: 0, tokens: 64 } } as const;

describe('M5, M6 the cover of a job whose tab is lost before it signed', () => {
  it('grows by what the channel has already: no further voucher would ever ask for it', async () => {
    const payment = await runningJob(96n);
    let told = 0;
    payment.onCovered(() => told++);
    await payment.pay(tail);
    expect(payment.covered()).toBe(96);
    expect(told).toBe(1);
  });

  it('stays where the channel has no more', async () => {
    const payment = await runningJob(64n);
    await payment.pay(tail);
    expect(payment.covered()).toBe(64);
    expect(payment.charged).toBe(64_000_000n);
  });
});
