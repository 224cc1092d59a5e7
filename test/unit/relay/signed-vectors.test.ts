import { describe, expect, it } from 'vitest';
import { embedDigest, inputsHash, vectorsHash } from '../../../src/protocol/money/embed-statement.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import type { EmbedAssignment, EmbedReceipt } from '../../../src/protocol/wire/embed.ts';
import { toBase64, vectorBytes } from '../../../src/protocol/wire/vectors.ts';
import { BYTE_MODEL } from './support/byte-model.ts';
import { createRelayWorld, type RelayWorld, type Tab } from './support/relay-world.ts';
import { BYTE_OFFER } from './support/test-provider.ts';
import type { TestAgent } from './support/test-agent.ts';

const ENCODER = {
  ...BYTE_MODEL,
  id: 'vectors',
  ref: { ...BYTE_MODEL.ref, variant: 'encoder' },
  embedding: { dimensions: 4, leastDimensions: 2 },
};
const VECTORS = vectorBytes([Float32Array.of(1, 0, 0, 0), Float32Array.of(0, 1, 0, 0)]);

interface Scene {
  readonly world: RelayWorld;
  readonly tab: Tab;
  readonly agent: TestAgent;
  readonly job: EmbedAssignment;
}

/** A request for two vectors that a provider has been given. */
async function assigned(world = createRelayWorld({ models: [BYTE_MODEL, ENCODER] })): Promise<Scene> {
  const tab = world.join({ models: [BYTE_OFFER, { id: ENCODER.id, ...ENCODER.ref }], slots: 2 });
  let job: EmbedAssignment | undefined;
  tab.provider.onOther = (message) => {
    if (message.type === 'embed') job = message;
  };
  const agent = world.request({
    method: 'POST',
    path: '/v1/embeddings',
    body: JSON.stringify({ model: ENCODER.id, input: ['ab', 'c'] }),
  });
  await world.settle();
  if (!job) throw new Error('Nothing was assigned.');
  return { world, tab, agent, job };
}

function receiptOf({ tab, job }: Scene, vectors: Uint8Array): EmbedReceipt {
  const { lease, model, inputs, dimensions, nonce } = job;
  return {
    job: job.job,
    lease,
    provider: tab.provider.account,
    model,
    inputsHash: inputsHash(inputs),
    inputs: inputs.length,
    tokens: inputs.flat().length,
    dimensions,
    vectorsHash: vectorsHash(vectors),
    nonce,
    engine: 'onnx/test',
    gpuClass: 'test',
    total: '0',
    startedAt: 1,
    endedAt: 2,
  };
}

async function answer(scene: Scene, wrong: Partial<EmbedReceipt> = {}, vectors = VECTORS, key?: Uint8Array) {
  const { tab, job, world } = scene;
  const receipt = { ...receiptOf(scene, vectors), ...wrong };
  const signature = signDigest(embedDigest(receipt), key ?? tab.provider.key);
  const signed = { ...receipt, signature };
  const { lease } = job;
  tab.provider.send({
    type: 'embedded',
    job: job.job,
    lease,
    vectors: toBase64(vectors),
    receipt: signed,
    grant: 1,
  });
  await world.settle();
}

describe('V2 vectors and their receipt', () => {
  it('are taken when they are what was asked for, and the slot is free again', async () => {
    const scene = await assigned();
    await answer(scene);
    expect(scene.agent.status).toBe(200);
    expect(scene.agent.json).toMatchObject({ data: [{ embedding: [1, 0, 0, 0] }, { index: 1 }] });
    expect(scene.world.eventsOf('embedFinished')).toMatchObject([{ inputs: 2, promptTokens: 3, leases: 1 }]);
    expect(scene.world.relay.figures().models[1]).toMatchObject({ slots: 2, free_slots: 2 });
  });

  const other = `0x${'11'.repeat(32)}` as const;
  it.each<[string, Partial<EmbedReceipt>]>([
    ['other inputs', { inputsHash: other }],
    ['another count', { inputs: 3 }],
    ['more tokens than were asked for', { tokens: 4 }],
    ['shorter vectors', { dimensions: 2 }],
    ['other vectors', { vectorsHash: other }],
    ['another job’s nonce', { nonce: other }],
    ['another model', { model: { manifest: other, variant: 'encoder' } }],
    ['more money', { total: '1' }],
  ])('close the connection where the receipt states %s, and the job goes on elsewhere', async (_, wrong) => {
    const scene = await assigned();
    await answer(scene, wrong);
    expect(scene.tab.provider.errors).toEqual(['receipt_invalid']);
    expect(scene.tab.socket.closed?.reason).toBe('receipt_invalid');
    expect(scene.agent.ended).toBe(false);
    const next = await joinAndAnswer(scene);
    expect(next.status).toBe(200);
  });

  it('close the connection where somebody else signed', async () => {
    const scene = await assigned();
    await answer(scene, {}, VECTORS, new Uint8Array(32).fill(9));
    expect(scene.tab.provider.errors).toEqual(['receipt_invalid']);
  });

  it.each<[string, Float32Array[]]>([
    ['one too few', [Float32Array.of(1, 0, 0, 0)]],
    ['too short', [Float32Array.of(1, 0), Float32Array.of(1, 0)]],
    ['no numbers', [Float32Array.of(Number.NaN, 0, 0, 0), Float32Array.of(1, 0, 0, 0)]],
    ['without end', [Float32Array.of(Number.POSITIVE_INFINITY, 0, 0, 0), Float32Array.of(1, 0, 0, 0)]],
  ])('close the connection where the vectors are %s', async (_, vectors) => {
    const scene = await assigned();
    await answer(scene, {}, vectorBytes(vectors));
    expect(scene.tab.provider.errors).toEqual(['vectors_invalid']);
    expect(scene.agent.ended).toBe(false);
  });

  it('are no answer to a stream, nor a stream to them', async () => {
    const scene = await assigned();
    const { job, lease } = scene.job;
    scene.tab.provider.send({ type: 'delta', job, lease, ids: [1] });
    await scene.world.settle();
    expect(scene.tab.provider.errors).toEqual(['message_unexpected']);
  });

  it('W5 that come after the job’s end give their slot back and change nothing', async () => {
    const scene = await assigned();
    scene.agent.leave();
    await scene.world.settle();
    await answer(scene);
    expect(scene.tab.provider.errors).toEqual(['attempt_unknown']);
    expect(scene.world.relay.figures().models[1]).toMatchObject({ slots: 2, free_slots: 2 });
  });

  it('L3 a job that is handed back again and again fails in the end, and says so', async () => {
    const scene = await assigned();
    const { provider } = scene.tab;
    for (let lease = 0; lease < 6; lease++) {
      provider.send({
        type: 'handback',
        job: scene.job.job,
        lease,
        code: 'paused',
        reason: 'The owner plays.',
        grant: 1,
      });
      await scene.world.settle();
    }
    expect(scene.agent.status).toBe(503);
    expect(scene.agent.errorCode).toBe('moves_exhausted');
  });

  it('L6 a lease that brings nothing for two minutes is stalled', async () => {
    const scene = await assigned();
    for (let second = 0; second < 130; second++) {
      scene.tab.provider.heartbeat();
      await scene.world.clock.advance(1_000);
    }
    expect(scene.world.eventsOf('jobInterrupted')).toMatchObject([{ code: 'stalled' }]);
  });
});

async function joinAndAnswer({ agent, world }: Scene): Promise<TestAgent> {
  const tab = world.dial();
  let job: EmbedAssignment | undefined;
  tab.provider.onOther = (message) => {
    if (message.type === 'embed') job = message;
  };
  tab.provider.hello({ models: [{ id: ENCODER.id, ...ENCODER.ref }] });
  await world.settle();
  if (!job) throw new Error('The job did not move.');
  expect(job.lease).toBe(1);
  await answer({ agent, world, tab, job });
  return agent;
}
