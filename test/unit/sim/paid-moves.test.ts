import { describe, expect, it } from 'vitest';
import { attemptTotal, type JobTerms, pinTerms } from '../../../src/protocol/money/price.ts';
import { verifyReceipt } from '../../../src/protocol/money/verify-receipt.ts';
import { createPaidWorld, type PaidWorld } from '../../../src/sim/paid-world.ts';
import { simReference } from '../../../src/sim/sim-engine.ts';
import type { PaidStream, SimPayer } from '../../../src/sim/sim-payer.ts';
import { type Loss, lose } from './lose-tab.ts';

const PRICE = { out: 1_000_000n, prompt: 2_000_000n };
const CHUNK = 32n * PRICE.out;
interface Life {
  readonly world: PaidWorld;
  readonly payers: readonly SimPayer[];
  readonly streams: readonly PaidStream[];
}

/** Three tabs, two agents with three streams each, and losses at random moments until every stream has ended. */
async function live(seed: number, loss: Loss): Promise<Life> {
  const world = createPaidWorld(seed, { price: PRICE });
  for (let i = 0; i < 3; i++) world.addTab({ stepMs: 10 + world.random.between(0, 30) });
  await world.clock.advance(3_000);
  const payers = [world.payer(), world.payer()];
  for (const payer of payers) payer.open(100_000n);
  await world.clock.advance(5_000);
  const streams = payers.flatMap((payer, agent) =>
    [1, 2, 3].map((n) => payer.ask(`agent ${agent} asks ${n}`, 60 + world.random.between(0, 200))),
  );
  for (let round = 0; round < 4; round++) {
    await world.clock.advance(100 + world.random.between(0, 900));
    await lose(world, world.random.pick(world.tabs), loss);
    if (loss === 'relay killed') for (const payer of payers) streams.push(payer.ask('again', 40 + round));
  }
  await world.clock.advance(60_000);
  return { world, payers, streams };
}

/** What each account earned by the receipts alone: every attempt's share, whoever signed what. */
function sharesOf(
  attempts: readonly { provider: string; count: number; chunks: readonly object[] }[],
  terms: JobTerms,
) {
  const shares = new Map<string, bigint>();
  let [chunks, tokens] = [0, 0];
  for (const [i, { chunks: signed, count, provider }] of attempts.entries()) {
    const before = { chunks, tokens };
    chunks += signed.length;
    tokens += count;
    const finished = i === attempts.length - 1;
    const share = attemptTotal(terms, before, { chunks, tokens, finished });
    shares.set(provider, (shares.get(provider) ?? 0n) + share);
  }
  return shares;
}

describe('M3, M4, M8: money follows the work', () => {
  for (const loss of ['closed', 'cut', 'paused', 'stopped'] as const) {
    it(`each position is paid once, to the tab that delivered it, tab ${loss}`, async () => {
      let moved = 0;
      for (let seed = 1; seed <= 3; seed++) {
        const { world, payers, streams } = await live(seed, loss);
        const earned = new Map<string, bigint>();
        let spent = 0n;
        for (const { answer, prompt } of streams) {
          const note = `seed ${seed}: ${answer.text.slice(-300)}`;
          expect(answer.done, note).toBe(true);
          const receipt = await world.receipt(answer.headers['x-afterglow-job'] as string);
          if (!receipt) throw new Error(`no receipt: ${note}`);
          expect(answer.ids, note).toEqual(simReference(prompt, receipt.seed, answer.ids.length));
          expect(verifyReceipt(receipt, { promptIds: prompt, outputIds: answer.ids }), note).toEqual([]);
          const price = { out: String(PRICE.out), prompt: String(PRICE.prompt) };
          const terms = pinTerms(price, prompt.length, world.terms.feeBps);
          for (const [account, share] of sharesOf(receipt.attempts, terms))
            earned.set(account, (earned.get(account) ?? 0n) + share);
          spent += BigInt(answer.ids.length) * PRICE.out + BigInt(prompt.length) * PRICE.prompt;
          moved += receipt.attempts.length - 1;
        }
        const rows = [...world.ledger.state.channels.values()];
        expect(rows.reduce((sum, row) => sum + row.spent, 0n)).toBe(spent);
        expect(rows.every(({ reserved }) => reserved === 0n)).toBe(true);
        for (const [account, row] of world.ledger.state.providers)
          expect(row.earned).toBe(earned.get(account));
        expect(world.broken).toEqual([]);
        expect(
          payers.flatMap(({ updates }) => updates.map(({ status }) => status)).every((s) => s === 200),
        ).toBe(true);
      }
      expect(moved).toBeGreaterThan(2);
    }, 30_000);
  }

  it('M6 a relay that is killed at random moments charges nothing twice, and nobody loses more than the table says', async () => {
    let cutOff = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const { world, payers, streams } = await live(seed, 'relay killed');
      const { ledger, terms } = world;
      cutOff += streams.filter(({ answer }) => answer.ids.length > 0 && !answer.ended).length;
      expect(world.broken, `seed ${seed}`).toEqual([]);
      expect(ledger.state.jobs.size).toBe(0);
      let received = 0n;
      for (const payer of payers) {
        const row = ledger.state.channels.get(payer.wallet.channel);
        if (!row) throw new Error('A channel is lost.');
        const own = streams.filter(
          (stream) => payer.streams.includes(stream) && stream.answer.status === 200,
        );
        const got = own.reduce((sum, { answer }) => sum + BigInt(answer.ids.length) * PRICE.out, 0n);
        const fees = own.reduce((sum, { prompt }) => sum + BigInt(prompt.length) * PRICE.prompt, 0n);
        received += got;
        // The agent: the prompt's fee and two chunks a stream. What was paid ahead is still its own, on the channel.
        expect(row.spent - got, `seed ${seed}: agent`).toBeLessThanOrEqual(
          fees + 2n * CHUNK * BigInt(own.length),
        );
        expect(row.accepted - row.spent).toBeLessThanOrEqual(
          fees + 2n * CHUNK * BigInt(payer.streams.length),
        );
        // No voucher that was acknowledged is missing.
        const acknowledged = payer.updates.filter(({ status }) => status === 200);
        for (const { text } of acknowledged) {
          const { accepted } = JSON.parse(text) as { accepted: string };
          expect(row.accepted).toBeGreaterThanOrEqual(BigInt(accepted) * ledger.state.unit);
        }
      }
      // The tabs: a chunk and the prompt's fee for each stream that a killed relay took with it.
      const earned = [...ledger.state.providers.values()].reduce((sum, row) => sum + row.earned, 0n);
      const worked = (received * BigInt(10_000 - terms.feeBps)) / 10_000n;
      const fees = streams.reduce((sum, { prompt }) => sum + BigInt(prompt.length) * PRICE.prompt, 0n);
      const allowed = fees + CHUNK * BigInt(streams.length);
      expect(worked - earned, `seed ${seed}: tabs`).toBeLessThanOrEqual(allowed);
    }
    expect(cutOff).toBeGreaterThan(8);
  }, 30_000);
});
