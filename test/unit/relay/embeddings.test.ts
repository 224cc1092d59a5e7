import { describe, expect, it } from 'vitest';
import { verifyEmbedReceipt } from '../../../src/protocol/money/embed-job-receipt.ts';
import { fromBase64, vectorBytes, vectorOf } from '../../../src/protocol/wire/vectors.ts';
import { type SimAnswer, simRequest } from '../../../src/sim/sim-agent.ts';
import { simVector } from '../../../src/sim/sim-embedder.ts';
import { SIM_ENCODER, SIM_MODEL } from '../../../src/sim/sim-model.ts';
import { createSimWorld, type SimTabOptions, type SimWorld } from '../../../src/sim/sim-world.ts';

interface Body {
  readonly data: readonly { index: number; embedding: number[] | string; token_ids?: number[] }[];
  readonly usage: { prompt_tokens: number; total_tokens: number };
  readonly error?: { code: string; param: string | null; message: string };
}

async function open(options: SimTabOptions = { embeds: { tokenMs: 1 } }): Promise<SimWorld> {
  const world = createSimWorld(1);
  world.addTab(options);
  await world.clock.advance(1_000);
  return world;
}

function post(world: SimWorld, body: object, path = '/v1/embeddings'): SimAnswer {
  return simRequest(world.relay, { path, body: JSON.stringify(body) });
}

async function embed(world: SimWorld, body: object): Promise<SimAnswer> {
  const answer = post(world, { model: SIM_ENCODER.id, ...body });
  await world.clock.advance(20_000);
  return answer;
}

const read = ({ text }: SimAnswer): Body => JSON.parse(text) as Body;
const idsOf = (text: string): number[] => SIM_ENCODER.tokenizer.input(text);
const vector = (ids: readonly number[], dimensions?: number): number[] => [...simVector(ids, dimensions)];

describe('POST /v1/embeddings', () => {
  it('V6 answers as OpenAI does, in the order of the inputs, and counts every token', async () => {
    const world = await open();
    const answer = await embed(world, { input: ['Good morrow', 'sir'], user: 'someone' });
    expect(answer.status, answer.text).toBe(200);
    const tokens = idsOf('Good morrow').length + idsOf('sir').length;
    expect(read(answer)).toEqual({
      object: 'list',
      model: SIM_ENCODER.id,
      data: ['Good morrow', 'sir'].map((text, index) => {
        return { object: 'embedding', index, embedding: vector(idsOf(text)) };
      }),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });

  it.each<[string, unknown, number[][]]>([
    ['a text', 'sir', [idsOf('sir')]],
    ['ids', [5, 6, 7], [[5, 6, 7]]],
    ['lists of ids', [[5, 6], [7]], [[5, 6], [7]]],
  ])('V6 takes %s as the input', async (_, input, expected) => {
    const { data, usage } = read(await embed(await open(), { input }));
    expect(data.map(({ embedding }) => embedding)).toEqual(expected.map((ids) => vector(ids)));
    expect(usage.prompt_tokens).toBe(expected.flat().length);
  });

  it('V6 gives base64, cuts vectors, and shows the ids where that is asked for', async () => {
    const more = { encoding_format: 'base64', dimensions: 16, return_token_ids: true };
    const [first] = read(await embed(await open(), { input: 'sir', ...more })).data;
    expect(vectorOf(fromBase64(first?.embedding as string))).toEqual(vector(idsOf('sir'), 16));
    expect(first?.token_ids).toEqual(idsOf('sir'));
  });

  it('V1 cuts a long request into jobs that fit a frame, and puts them together again', async () => {
    const world = await open();
    const input = Array.from({ length: 2_048 }, (_, i) => [1, i % 1000, (i * 7) % 1000]);
    const answer = await embed(world, { input });
    expect(read(answer).data.map(({ embedding }) => embedding)).toEqual(input.map((ids) => vector(ids)));
    const jobs = (answer.headers['x-afterglow-jobs'] as string).split(',');
    expect(jobs.length).toBeGreaterThan(10);
    expect(jobs[0]).toBe(answer.headers['x-afterglow-job']);
    let [at, tokens] = [0, 0];
    for (const job of jobs) {
      const receipt = await world.embedReceipt(job);
      if (!receipt) throw new Error('A receipt is missing.');
      const inputs = input.slice(at, at + receipt.inputs);
      const vectors = vectorBytes(inputs.map((ids) => simVector(ids)));
      expect(verifyEmbedReceipt(receipt, { inputs, vectors })).toEqual([]);
      at += receipt.inputs;
      tokens += receipt.tokens;
    }
    expect([at, tokens]).toEqual([2_048, 3 * 2_048]);
  });

  it.each<[string, string | null, object]>([
    ['missing_required_parameter', 'input', {}],
    ['invalid_value', 'input', { input: '' }],
    ['invalid_value', 'input[1]', { input: ['a', ''] }],
    ['empty_array', 'input', { input: [] }],
    ['empty_array', 'input[0]', { input: [[]] }],
    ['array_above_max_length', 'input', { input: Array.from({ length: 2_049 }, () => 'a') }],
    ['invalid_type', 'input', { input: 7 }],
    ['invalid_type', 'input[0][1]', { input: [[1, -1]] }],
    ['invalid_type', 'input[1]', { input: ['a', 7] }],
    ['invalid_value', 'input', { input: [[1000]] }],
    ['context_length_exceeded', 'input', { input: 'a'.repeat(512) }],
    ['context_length_exceeded', 'input', { input: ['a', 'a'.repeat(1_000_000)] }],
    ['invalid_value', 'encoding_format', { input: 'a', encoding_format: 'hex' }],
    ['invalid_value', 'dimensions', { input: 'a', dimensions: 15 }],
    ['invalid_value', 'dimensions', { input: 'a', dimensions: 65 }],
    ['integer_below_min_value', 'dimensions', { input: 'a', dimensions: 0 }],
    ['unsupported_parameter', 'temperature', { input: 'a', temperature: 1 }],
    ['model_not_found', 'model', { input: 'a', model: 'nobody' }],
    ['model_not_supported', 'model', { input: 'a', model: SIM_MODEL.id }],
  ])('V6 refuses with %s for %s', async (code, param, body) => {
    const world = await open();
    const answer = await embed(world, body);
    expect(read(answer).error).toMatchObject({ code, param });
    expect(world.relay.figures().jobs).toMatchObject({ finished: 0, failed: 0 });
  });

  it('V6 sends who wants a chat with it to the right place', async () => {
    const world = await open();
    const messages = [{ role: 'user', content: 'hello' }];
    const answer = post(world, { model: SIM_ENCODER.id, messages }, '/v1/chat/completions');
    await world.clock.advance(10);
    expect(answer.status).toBe(400);
    expect(read(answer).error).toMatchObject({ code: 'model_not_supported', param: 'model' });
    expect(read(answer).error?.message).toContain('/v1/embeddings');
  });

  it('is listed with what its vectors are, and both kinds of a tab are served', async () => {
    const world = await open();
    const listed = simRequest(world.relay, { method: 'GET', path: '/v1/models' });
    const streamed = world.ask({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 8 });
    const answer = await embed(world, { input: 'sir' });
    expect(answer.status).toBe(200);
    expect(streamed.done).toBe(true);
    const { data } = JSON.parse(listed.text) as { data: object[] };
    expect(data).toEqual([
      expect.objectContaining({ id: SIM_MODEL.id, kind: 'chat' }),
      expect.objectContaining({
        id: SIM_ENCODER.id,
        kind: 'embeddings',
        dimensions: 64,
        least_dimensions: 16,
      }),
    ]);
    expect(world.relay.figures()).toMatchObject({ vectors: 1, jobs: { finished: 2, running: 0 } });
  });

  it('is served by a tab that does nothing else', async () => {
    const world = await open({ embeds: { tokenMs: 1, alone: true } });
    expect((await embed(world, { input: 'sir' })).status).toBe(200);
    expect(world.tabs[0]?.provider.status()).toMatchObject({ jobs: 1, vectors: 1, slots: 4 });
    const streamed = world.ask({ messages: [{ role: 'user', content: 'hi' }] });
    await world.clock.advance(10);
    expect(streamed.status).toBe(503);
  });

  it('L5 is refused at once where nobody serves the model', async () => {
    const answer = await embed(await open({}), { input: 'sir' });
    expect(answer.status).toBe(503);
    expect(read(answer).error?.code).toBe('no_provider');
  });

  it('A5 is cancelled when its client goes away: the tab is free at once', async () => {
    const world = await open({ embeds: { tokenMs: 1_000 } });
    const answer = post(world, { model: SIM_ENCODER.id, input: 'a long while' });
    await world.clock.advance(500);
    expect(world.tabs[0]?.provider.status().state.name).toBe('serving');
    answer.leave();
    await world.clock.advance(100);
    expect(world.tabs[0]?.provider.status().state.name).toBe('waiting');
    expect(world.relay.figures().jobs).toMatchObject({ running: 0, cancelled: 1 });
    expect(answer.ended).toBe(false);
    const again = await embed(world, { input: [[1], [2], [3], [4]] });
    expect(again.status).toBe(200);
  });
});
