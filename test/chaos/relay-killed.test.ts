import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDollars } from '../../src/chain/dollar.ts';
import { readPaid } from '../../src/chain/hub.ts';
import type { Hex } from '../../src/core/bytes.ts';
import { checkInvariants } from '../../src/relay/ledger/invariants.ts';
import { openSqliteLedger } from '../../src/relay/node/sqlite-ledger.ts';
import { askFaucet, createClient, createPrivateKey } from '../../src/sdk/index.ts';
import { PaidRelay } from './paid-relay.ts';

const KILLS = Number(process.env['AFTERGLOW_KILLS'] ?? 6);
const FUNDS = 100_000_000n;
const UNIT = 1_000_000n;
/** Pico: what one chunk costs. */
const CHUNK = 32n * UNIT;

let relay: PaidRelay;
beforeAll(async () => (relay = await PaidRelay.open()));
afterAll(() => relay.close());

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

it('M5, M6 a relay that is killed under load loses no voucher, charges nothing twice, and goes on by itself', async () => {
  const client = createClient({
    relay: relay.url,
    wallet: createPrivateKey(),
    budget: '50',
    deposit: '0.10',
  });
  await askFaucet(relay.url, client.address);
  let [whole, cut, received] = [0, 0, 0n];
  let over = false;

  async function ask(): Promise<void> {
    const response = await client.fetch(`${relay.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: relay.model,
        messages: [{ role: 'user', content: 'Speak.' }],
        max_tokens: 150,
        stream: true,
        return_token_ids: true,
      }),
    });
    if (!response.ok || !response.body) return pause(100);
    let text = '';
    try {
      for await (const piece of response.body.pipeThrough(new TextDecoderStream())) text += piece;
    } catch {
      cut++;
    }
    if (text.includes('[DONE]')) whole++;
    for (const [, ids = ''] of text.matchAll(/"token_ids":\[([\d,]*)\]/g)) {
      if (ids !== '') received += BigInt(ids.split(',').length);
    }
  }

  const agents = [1, 2, 3, 4].map(async () => {
    while (!over) await ask().catch(() => pause(100));
  });
  for (let kill = 0; kill < KILLS; kill++) {
    while (!(await relay.isServing())) await pause(50);
    await pause(300 + Math.random() * 1_500);
    await relay.end('SIGKILL');
    await relay.start();
    // The first time it comes back by itself; then its growing patience would only cost time.
    if (kill === 0) continue;
    await relay.provider.stop();
    relay.provider.start();
  }
  while (!(await relay.isServing())) await pause(50);
  await pause(2_500);
  over = true;
  await Promise.all(agents);
  expect(whole).toBeGreaterThan(4);
  expect(cut).toBeGreaterThan(0);

  const signed = client.channel?.signed ?? 0n;
  const status = await client.status();
  expect(status?.reserved).toBe(0n);
  expect(status?.accepted).toBeLessThanOrEqual(signed);
  const closed = await client.close();
  await relay.end('SIGINT');

  const ledger = await openSqliteLedger(join(relay.data, 'ledger.db'), { unit: UNIT, book: relay.book });
  try {
    const { channels, jobs, providers } = ledger.state;
    expect(checkInvariants(ledger.state)).toEqual([]);
    expect(jobs.size).toBe(0);
    const [row] = channels.values();
    const [earner] = providers.values();
    if (!row || !earner) throw new Error('The ledger lost its rows.');
    // Beyond what arrived: prompt fees, and two chunks for each stream that was cut.
    const promptFees = BigInt(whole + cut) * 100n * 200_000n;
    const arrived = received * UNIT;
    expect(row.spent - arrived).toBeLessThanOrEqual(promptFees + BigInt(cut) * 2n * CHUNK);
    expect(arrived - row.spent).toBeLessThanOrEqual(BigInt(cut) * 2n * CHUNK);
    const { deployment, relay: chain } = relay.chain;
    expect(closed?.settled).toBe((row.spent + UNIT - 1n) / UNIT);
    expect(await readDollars(chain, deployment.token, client.address as Hex)).toBe(
      FUNDS - (closed?.settled ?? 0n),
    );
    expect(await readPaid(chain, deployment.hub, relay.account)).toBe(earner.earned / UNIT);
  } finally {
    await ledger.close();
  }
});
