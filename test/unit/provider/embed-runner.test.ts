import { describe, expect, it } from 'vitest';
import { verifyAttempt } from '../../../src/app/state/verify-attempt.ts';
import { CodedError } from '../../../src/core/errors.ts';
import type { Embedder } from '../../../src/engine/embedder.ts';
import { embedDigest, inputsHash, vectorsHash } from '../../../src/protocol/money/embed-statement.ts';
import { recoverAddress } from '../../../src/protocol/money/signature.ts';
import type { EmbedAssignment } from '../../../src/protocol/wire/embed.ts';
import { FREE } from '../../../src/protocol/wire/job.ts';
import { fromBase64, vectorBytes } from '../../../src/protocol/wire/vectors.ts';
import { createSimEmbedder, simVector } from '../../../src/sim/sim-embedder.ts';
import { SimClock } from '../../../src/sim/sim-clock.ts';
import { SIM_ENCODER } from '../../../src/sim/sim-model.ts';
import { assignment, jobId } from './scripted-relay.ts';
import { createReadyWorld, type World } from './world.ts';

const TOKEN_MS = 10;

function order(changes: Partial<EmbedAssignment> = {}): EmbedAssignment {
  return {
    job: jobId(7),
    lease: 0,
    model: SIM_ENCODER.ref,
    inputs: [[1, 2, 3], [4]],
    dimensions: 64,
    nonce: `0x${'22'.repeat(32)}`,
    price: FREE,
    feeBps: 0,
    ...changes,
  };
}

async function ready(
  given: Parameters<typeof createReadyWorld>[0] = {},
  embedder?: Embedder,
): Promise<World> {
  const clock = new SimClock();
  const offer = { id: SIM_ENCODER.id, ...SIM_ENCODER.ref };
  const encoder = {
    embedder: embedder ?? createSimEmbedder({ clock, tokenMs: TOKEN_MS }),
    offer,
    slots: 4,
  };
  return createReadyWorld({ encoder, ...given }, clock);
}

describe('V2 an embedding job at a tab', () => {
  it('is offered beside the model that writes, and brings every vector with one signed statement', async () => {
    const { clock, relay, provider, store } = await ready();
    expect(relay.all('hello')[0]?.models.map(({ id }) => id)).toEqual(['sim-fp32', SIM_ENCODER.id]);
    const job = order({ price: { out: '0', prompt: '100' }, feeBps: 500, dimensions: 16 });
    relay.send({ type: 'embed', ...job });
    await clock.advance(500);
    const [answer] = relay.all('embedded');
    if (!answer) throw new Error('No vectors came.');
    const vectors = vectorBytes(job.inputs.map((ids) => simVector(ids, 16)));
    expect([...fromBase64(answer.vectors)]).toEqual([...vectors]);
    const { receipt } = answer;
    const { account } = provider.status();
    expect(recoverAddress(embedDigest(receipt), receipt.signature)).toBe(account);
    expect(receipt).toMatchObject({
      job: job.job,
      provider: account,
      inputsHash: inputsHash(job.inputs),
      inputs: 2,
      tokens: 4,
      dimensions: 16,
      vectorsHash: vectorsHash(vectors),
      nonce: job.nonce,
      total: '380',
    });
    expect(answer.grant).toBe(1);
    expect(provider.status()).toMatchObject({ vectors: 2, jobs: 1, unfinished: 0 });
    const [kept] = store.attempts.values();
    expect(kept).toMatchObject({
      modelId: SIM_ENCODER.id,
      promptTokens: 4,
      ended: 'finished',
      embedding: receipt,
    });
    expect(verifyAttempt({ ...kept!, key: '' })).toEqual({ chunks: [], receipt: true, valid: true });
    const forged = { ...receipt, inputs: 3 };
    expect(verifyAttempt({ ...kept!, key: '', embedding: forged }).valid).toBe(false);
  });

  it.each<[string, Partial<EmbedAssignment>, object]>([
    ['model_not_loaded', { model: { ...SIM_ENCODER.ref, variant: 'other' } }, {}],
    ['price_too_low', { price: { out: '0', prompt: '99' } }, { ask: { out: '1000', prompt: '100' } }],
    ['dimensions_unsupported', { dimensions: 65 }, {}],
  ])('is handed back with %s, and its slot with it', async (code, changes, options) => {
    const { clock, relay } = await ready(options, strict(new SimClock()));
    relay.send({ type: 'embed', ...order(changes) });
    await clock.advance(500);
    expect(relay.all('handback')).toMatchObject([{ job: jobId(7), code, grant: 1 }]);
  });

  it('P4 is handed back where an input is longer than the owner takes', async () => {
    const { clock, relay, provider } = await ready();
    provider.limitPrompts(2);
    relay.send({ type: 'embed', ...order() });
    await clock.advance(500);
    expect(relay.all('handback')).toMatchObject([{ code: 'prompt_too_long', grant: 1 }]);
    expect(provider.status().fault).toBeUndefined();
  });

  it('P1 takes no more than was granted, of both kinds together', async () => {
    const { clock, relay } = await ready({ slots: 2 });
    relay.send({ type: 'assign', ...assignment() });
    for (const n of [1, 2]) relay.send({ type: 'embed', ...order({ job: jobId(10 + n) }) });
    await clock.advance(20);
    expect(relay.all('handback')).toMatchObject([{ job: jobId(12), code: 'slots_exceeded', grant: 0 }]);
  });

  it('A5 a cancel ends it at once, gives the slot back, and nothing of it is sent', async () => {
    const { clock, relay } = await ready();
    relay.send({ type: 'embed', ...order() });
    await clock.advance(20);
    relay.send({ type: 'cancel', job: jobId(7), lease: 0, reason: 'The agent went away.' });
    await clock.advance(500);
    expect(relay.all('embedded', 'handback')).toEqual([]);
    expect(relay.all('grant')).toMatchObject([{ slots: 1 }]);
  });

  it('P2 a pause hands it back, and a resumed tab takes it again under its next lease', async () => {
    const { clock, relay, provider } = await ready();
    relay.send({ type: 'embed', ...order() });
    await clock.advance(20);
    provider.pause({ code: 'paused', message: 'The owner plays.' });
    await clock.advance(20);
    expect(relay.all('handback')).toMatchObject([{ job: jobId(7), code: 'paused', grant: 0 }]);
    provider.resume('paused');
    relay.send({ type: 'embed', ...order({ lease: 1 }) });
    await clock.advance(500);
    expect(relay.all('embedded')).toMatchObject([{ lease: 1 }]);
  });

  it('refuses the same attempt twice', async () => {
    const { clock, relay } = await ready();
    relay.send({ type: 'embed', ...order() });
    relay.send({ type: 'embed', ...order() });
    await clock.advance(500);
    expect(relay.all('error')).toMatchObject([{ code: 'attempt_duplicate' }]);
    expect(relay.all('embedded')).toHaveLength(1);
  });

  it('an engine that is lost hands back what runs, takes nothing more, and says so', async () => {
    const failures: string[] = [];
    const lost = new CodedError('device_lost', 'The GPU was lost.');
    const broken: Embedder = { ...strict(new SimClock()), embed: () => Promise.reject(lost) };
    const world = await ready({ engineFailed: ({ code }) => failures.push(code) }, broken);
    world.relay.send({ type: 'embed', ...order() });
    await world.clock.advance(500);
    expect(world.relay.all('handback')).toMatchObject([{ code: 'device_lost', grant: 0 }]);
    expect(failures).toEqual(['device_lost']);
    expect(world.provider.status().state).toMatchObject({ name: 'error', error: { code: 'device_lost' } });
  });
});

/** Refuses what the engine would refuse; its clock stands still, so that it never comes to an end. */
function strict(clock: SimClock): Embedder {
  const inner = createSimEmbedder({ clock, tokenMs: 1 });
  return {
    ...inner,
    embed(request) {
      const { dimensions = 64 } = request;
      if (dimensions <= inner.capabilities.dimensions) return inner.embed(request);
      return Promise.reject(new CodedError('dimensions_unsupported', 'The vectors can’t be that long.'));
    },
  };
}
