import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { fromBase64, vectorOf } from '../../../src/protocol/wire/vectors.ts';
import { readReceipt } from '../../../src/sdk/receipt-file.ts';
import type { ClientEvent } from '../../../src/sdk/client-events.ts';
import { simVector } from '../../../src/sim/sim-embedder.ts';
import { SIM_ENCODER } from '../../../src/sim/sim-model.ts';
import { agentOf, during, openWorld, type Scene, spentBy } from './support/real-scene.ts';
import { RELAY } from './support/scripted-terms.ts';

const PRICE = 200_000n;
const idsOf = (text: string): number[] => SIM_ENCODER.tokenizer.input(text);

async function open(seed: number, budget = '0.01'): Promise<Scene & { checked: ClientEvent[] }> {
  const world = await openWorld(seed);
  world.addTab({ stepMs: 10, embeds: { tokenMs: 1 } });
  await world.clock.advance(2_000);
  const scene = agentOf(world, { budget });
  const checked: ClientEvent[] = [];
  scene.client.on((event) => event.type === 'vectors' && checked.push(event));
  return { ...scene, checked };
}

function post({ client, world }: Scene, body: object): Promise<{ status: number; body: string }> {
  const request = { method: 'POST', body: JSON.stringify({ model: SIM_ENCODER.id, ...body }) };
  const sent = client.fetch(`${RELAY}/v1/embeddings`, request);
  return during(
    world,
    sent.then(async (response) => ({ status: response.status, body: await response.text() })),
  );
}

describe('vectors, paid for', () => {
  it('V5 the openai package gets them through the paying fetch, in base64 as it asks for them', async () => {
    const scene = await open(1);
    const { client, problems, world, checked } = scene;
    const openai = new OpenAI({ baseURL: `${RELAY}/v1`, apiKey: 'none', fetch: client.fetch, maxRetries: 0 });
    const input = ['Good morrow', 'sir'];
    const { data, usage } = await during(world, openai.embeddings.create({ model: SIM_ENCODER.id, input }));
    expect(data.map(({ embedding }) => [...embedding])).toEqual(
      input.map((text) => [...simVector(idsOf(text))]),
    );
    expect(JSON.stringify(data)).not.toContain('token_ids');
    const tokens = input.flatMap(idsOf).length;
    expect(usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
    await during(world, client.idle());
    const cost = BigInt(tokens) * PRICE;
    expect(checked).toMatchObject([{ type: 'vectors', problems: [], cost }]);
    expect([spentBy(scene), client.channel?.spent]).toEqual([cost, cost]);
    const closed = await during(world, client.close());
    expect(closed).toMatchObject({ settled: (cost + 999_999n) / 1_000_000n });
    expect([problems, world.broken]).toEqual([[], []]);
  });

  it('V3 their receipt is read from a file, and one that was changed is found out', async () => {
    const scene = await open(4);
    const { client, world, checked } = scene;
    await post(scene, { input: [[1, 2], [3]] });
    await during(world, client.idle());
    const [event] = checked;
    if (event?.type !== 'vectors') throw new Error('No receipt was checked.');
    const { receipt } = event;
    const file = JSON.stringify(receipt);
    expect(readReceipt(file)).toMatchObject({ problems: [], providers: [receipt.attempts[0]?.provider] });
    const codes = (changed: object): string[] =>
      readReceipt(JSON.stringify({ ...receipt, ...changed })).problems.map(({ code }) => code);
    expect(codes({ tokens: 9 })).toEqual(['receipt_count']);
    expect(codes({ inputsHash: receipt.nonce })).toEqual(['inputs_hash']);
    expect(codes({ vectorsHash: receipt.nonce })).toEqual(['final_receipt_missing']);
    const [attempt] = receipt.attempts;
    const forged = { ...attempt, receipt: { ...attempt?.receipt, total: '1' } };
    expect(codes({ attempts: [forged] })).toEqual(['receipt_signature']);
  });

  it('V1 checks the receipt of each job of a long request', async () => {
    const scene = await open(2);
    const { client, problems, world, checked } = scene;
    const input = Array.from({ length: 700 }, (_, i) => [1, i, 7]);
    const { body } = await post(scene, { input, encoding_format: 'base64', return_token_ids: true });
    const { data } = JSON.parse(body) as { data: { embedding: string; token_ids: number[] }[] };
    expect(data.map(({ token_ids: ids }) => ids)).toEqual(input);
    expect(vectorOf(fromBase64(data[699]?.embedding ?? ''))).toEqual([...simVector([1, 699, 7])]);
    await during(world, client.idle());
    expect(checked.length).toBeGreaterThan(2);
    expect(checked.every((event) => event.type === 'vectors' && event.problems.length === 0)).toBe(true);
    expect(spentBy(scene)).toBe(2_100n * PRICE);
    expect(problems).toEqual([]);
  });

  it('pays nothing for what the relay refuses, and refuses what the budget does not pay', async () => {
    const scene = await open(3, '0.000100');
    expect((await post(scene, { input: '' })).status).toBe(400);
    expect((await post(scene, { input: 'a', dimensions: 3 })).status).toBe(400);
    expect(scene.client.channel).toBeUndefined();
    const dear = await post(scene, { input: Array.from({ length: 600 }, () => [1]) });
    expect(dear.status).toBe(402);
    expect(JSON.parse(dear.body)).toMatchObject({ error: { code: 'budget_exhausted' } });
    expect((await post(scene, { input: 'a' })).status).toBe(200);
  });
});
