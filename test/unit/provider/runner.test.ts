import { describe, expect, it } from 'vitest';
import { CHUNK_TOKENS } from '../../../src/protocol/constants.ts';
import { recoverAddress } from '../../../src/protocol/money/signature.ts';
import { chunkDigest, idsHash, receiptDigest } from '../../../src/protocol/money/statements.ts';
import { decodeLeaf, firstCommitment, nextCommitment } from '../../../src/protocol/wire/chunk.ts';
import { fromBase64 } from './base64.ts';
import { simReference } from '../../../src/sim/sim-engine.ts';
import { assignment, jobId } from './scripted-relay.ts';
import { createReadyWorld } from './world.ts';

const seed = '0x0123456789abcdef';

describe('an attempt', () => {
  it('L3 delivers the ids that follow the prompt, and C1-C3 R1 signs chunks and a receipt', async () => {
    const { clock, relay, provider } = await createReadyWorld();
    const order = assignment({ price: { out: '7', prompt: '0' } });
    relay.send({ type: 'assign', ...order });
    await clock.advance(2_000);

    const ids = relay.ids(order.job);
    expect(ids).toEqual(simReference(order.prompt, seed, 100));
    const chunks = relay.all('chunk');
    expect(chunks.map(({ index, first, count, total }) => [index, first, count, total])).toEqual([
      [0, 0, 32, '224'],
      [1, 32, 32, '448'],
      [2, 64, 32, '672'],
      [3, 96, 4, '700'],
    ]);
    const account = provider.status().account;
    for (const chunk of chunks) expect(recoverAddress(chunkDigest(chunk), chunk.signature)).toBe(account);

    const [result] = relay.all('result');
    expect(result).toMatchObject({ finish: 'length', count: 100, grant: 1 });
    const receipt = result!.receipt;
    expect(recoverAddress(receiptDigest(receipt), receipt.signature)).toBe(account);
    expect(receipt).toMatchObject({
      provider: account,
      promptHash: idsHash(order.prompt),
      outputHash: idsHash(ids),
      first: 0,
      count: 100,
      commitment: chunks[3]!.commitment,
      total: '700',
    });
  });

  it('C5 delivers the ids of a chunk before the chunk, and every chunk before the result', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(2_000);
    let delivered = 0;
    for (const message of relay.messages) {
      if (message.type === 'delta') delivered += message.ids.length;
      if (message.type === 'chunk') expect(delivered).toBeGreaterThanOrEqual(message.first + message.count);
    }
    expect(relay.messages.at(-1)?.type === 'heartbeat' || relay.messages.at(-1)?.type === 'result').toBe(
      true,
    );
    const order = relay.messages
      .map((message) => message.type)
      .filter((type) => type === 'chunk' || type === 'result');
    expect(order).toEqual(['chunk', 'chunk', 'chunk', 'chunk', 'result']);
  });

  it('C1 signs a chunk at once when its last token was decoded', async () => {
    const { clock, relay } = await createReadyWorld();
    const start = clock.now();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(2_000);
    // One step of 10 ms a token, 1 ms of network each way.
    expect(relay.all('chunk')[0]!.at).toBe(start + 2 + CHUNK_TOKENS * 10);
  });

  it('flushes deltas at most every 25 ms, the first at once', async () => {
    const { clock, relay } = await createReadyWorld();
    const start = clock.now();
    relay.send({ type: 'assign', ...assignment({ maxTokens: CHUNK_TOKENS - 1 }) });
    await clock.advance(2_000);
    const times = relay.all('delta').map((delta) => delta.at);
    expect(times[0]).toBe(start + 2 + 10);
    const gaps = times.slice(1).map((at, i) => at - times[i]!);
    // The last delta may come early: it leaves with the end of the attempt.
    expect(Math.min(...gaps.slice(0, -1))).toBeGreaterThanOrEqual(25);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(35);
  });

  it('flushes what waits when the credit runs out', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ credit: 3 }) });
    await clock.advance(200);
    expect(relay.ids(jobId(1))).toHaveLength(3);
  });

  it('C6 decodes no token beyond its credit, and goes on when it is raised', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ credit: 32 }) });
    await clock.advance(3_000);
    expect(relay.ids(jobId(1))).toHaveLength(32);
    relay.send({ type: 'credit', job: jobId(1), lease: 0, tokens: 10 });
    await clock.advance(1_000);
    expect(relay.ids(jobId(1))).toHaveLength(32);
    relay.send({ type: 'credit', job: jobId(1), lease: 0, tokens: 64 });
    await clock.advance(1_000);
    expect(relay.ids(jobId(1))).toHaveLength(64);
    relay.send({ type: 'credit', job: jobId(1), lease: 0, tokens: 1_000 });
    await clock.advance(1_000);
    expect(relay.ids(jobId(1))).toHaveLength(100);
    expect(relay.all('result')).toHaveLength(1);
  });

  it('C6 starts with no credit at all and waits for it', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ credit: 0 }) });
    await clock.advance(1_000);
    expect(relay.ids(jobId(1))).toHaveLength(0);
    relay.send({ type: 'credit', job: jobId(1), lease: 0, tokens: 100 });
    await clock.advance(2_000);
    expect(relay.ids(jobId(1))).toHaveLength(100);
  });

  it('L3 goes on after earlier attempts: positions count from them, the commitment starts anew', async () => {
    const { clock, relay } = await createReadyWorld();
    const whole = simReference([1, 2, 3], seed, 100);
    const order = assignment({ lease: 2, prior: whole.slice(0, 41), maxTokens: 59 });
    relay.send({ type: 'assign', ...order });
    await clock.advance(2_000);
    expect(relay.ids(order.job)).toEqual(whole.slice(41));
    expect(relay.all('chunk').map(({ first, count }) => [first, count])).toEqual([
      [41, 32],
      [73, 27],
    ]);
    expect(relay.all('result')[0]!.receipt).toMatchObject({ first: 41, count: 59, promptTokens: 3 });
  });

  it('A2 ends with stop at a stop id or string, the stopping id included', async () => {
    const { clock, relay } = await createReadyWorld();
    const stopping = simReference([1, 2, 3], seed, 50)[40]!;
    relay.send({ type: 'assign', ...assignment({ stop: [String(stopping)] }) });
    await clock.advance(2_000);
    expect(relay.ids(jobId(1))).toHaveLength(41);
    expect(relay.all('result')[0]).toMatchObject({ finish: 'stop', count: 41 });
  });

  it('C4 opens its leaves, while it runs and after it ended', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(500);
    relay.send({ type: 'open', job: jobId(1), lease: 0 });
    await clock.advance(2_000);
    relay.send({ type: 'open', job: jobId(1), lease: 0 });
    await clock.advance(100);
    const [early, late] = relay.all('opening');
    expect(early!.leaves).toHaveLength(1);
    expect(late!.leaves).toHaveLength(4);
    let commitment = firstCommitment({ job: jobId(1), lease: 0 });
    const ids: number[] = [];
    for (const [i, chunk] of relay.all('chunk').entries()) {
      const leaf = fromBase64(late!.leaves[i]!);
      commitment = nextCommitment(commitment, leaf);
      expect(commitment).toBe(chunk.commitment);
      ids.push(...decodeLeaf(leaf).map((token) => token.id));
    }
    expect(ids).toEqual(relay.ids(jobId(1)));
  });

  it('C4 answers with no leaves where none are kept', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'open', job: jobId(5), lease: 0 });
    await clock.advance(10);
    expect(relay.all('opening')).toMatchObject([{ job: jobId(5), leaves: [] }]);
  });

  it('keeps its proof: chunks, leaves and receipt', async () => {
    const { clock, relay, store } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(2_000);
    const kept = store.attempts.get(`${jobId(1)}/0`)!;
    expect(kept).toMatchObject({
      ended: 'finished',
      count: 100,
      modelId: 'sim-fp32',
      relay: expect.stringMatching(/^0x/),
    });
    expect(kept.chunks).toHaveLength(4);
    expect(kept.leaves).toHaveLength(4);
    expect(kept.receipt?.count).toBe(100);
  });
});
