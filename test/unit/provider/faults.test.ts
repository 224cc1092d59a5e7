import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/core/errors.ts';
import type { ErrorBody } from '../../../src/core/errors.ts';
import { createKeySigner } from '../../../src/provider/wallet/key-signer.ts';
import { assignment, jobId } from './scripted-relay.ts';
import { createReadyWorld, KEY } from './world.ts';

describe('what goes wrong at the provider', () => {
  it('hands back what another model was meant for', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({
      type: 'assign',
      ...assignment({ model: { manifest: `0x${'cd'.repeat(32)}`, variant: 'fp32' } }),
    });
    await clock.advance(10);
    expect(relay.all('handback')).toMatchObject([{ code: 'model_not_loaded', grant: 1 }]);
  });

  it('hands back what the engine refuses, with its code and the slot', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ prior: Array(5_000).fill(1) }) });
    await clock.advance(10);
    expect(relay.all('handback')).toMatchObject([{ code: 'context_exceeded', grant: 1 }]);
  });

  it('hands back with what was delivered when the engine fails, and takes no more jobs', async () => {
    const failures: ErrorBody[] = [];
    const { clock, relay, engine, provider } = await createReadyWorld({
      engineFailed: (error) => failures.push(error),
    });
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(405);
    await engine.close();
    await clock.advance(10);
    expect(relay.ids(jobId(1))).toHaveLength(40);
    expect(relay.all('handback')).toMatchObject([{ code: 'engine_closed', grant: 0 }]);
    expect(relay.all('models')).toMatchObject([{ models: [] }]);
    expect(failures).toMatchObject([{ code: 'engine_closed' }]);
    expect(provider.status().state).toMatchObject({ name: 'error', error: { code: 'engine_closed' } });
  });

  it('hands back when the key does not sign, and decodes no further', async () => {
    const signer = createKeySigner(KEY);
    const refusing = {
      ...signer,
      chunk: async () => Promise.reject(new CodedError('signer_gone', 'The signer stopped.')),
    };
    const { clock, relay, engine } = await createReadyWorld({ signer: refusing });
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(2_000);
    expect(relay.all('handback')).toMatchObject([{ code: 'signer_gone', grant: 1 }]);
    expect(relay.all('result')).toEqual([]);
    expect(engine.timings()).toMatchObject({ active: 0, tokens: 32 });
  });

  it('says so when its store is full, and serves on', async () => {
    const store = {
      put: async () => Promise.reject(new CodedError('storage_full', 'The disk is full.')),
      leaves: async () => undefined,
    };
    const { clock, relay, provider } = await createReadyWorld({ store });
    relay.send({ type: 'assign', ...assignment({ maxTokens: 40 }) });
    await clock.advance(1_000);
    expect(relay.all('result')).toHaveLength(1);
    expect(provider.status().fault).toMatchObject({ code: 'storage_full' });
    relay.send({ type: 'open', job: jobId(1), lease: 0 });
    await clock.advance(10);
    expect(relay.all('opening')[0]!.leaves).toHaveLength(2);
  });
});

describe('what the relay sends wrongly', () => {
  it.each([
    ['no JSON', 'not json', 'frame_malformed'],
    ['an unknown type', '{"type":"payout"}', 'message_invalid'],
    [
      'a broken assignment',
      JSON.stringify({ type: 'assign', ...assignment(), prompt: [] }),
      'message_invalid',
    ],
    ['a frame too large', `{"type":"error","message":"${'x'.repeat(70_000)}"}`, 'frame_too_large'],
    [
      'a second challenge',
      JSON.stringify({
        type: 'challenge',
        version: 1,
        relay: `0x${'00'.repeat(20)}`,
        nonce: `0x${'00'.repeat(32)}`,
      }),
      'message_unexpected',
    ],
  ])('W1 answers %s with its code, closes, and connects anew', async (_, frame, code) => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.sendRaw(frame);
    await clock.advance(5);
    expect(relay.all('error')).toMatchObject([{ code }]);
    expect(relay.closes).toHaveLength(1);
    expect(provider.status().state).toMatchObject({ name: 'connecting', last: { code } });
    await clock.advance(2_000);
    expect(relay.all('hello')).toHaveLength(2);
  });

  it('W5 answers what names no attempt', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'credit', job: jobId(3), lease: 0, tokens: 5 });
    relay.send({ type: 'cancel', job: jobId(4), lease: 0, reason: '' });
    await clock.advance(10);
    expect(relay.all('error')).toMatchObject([
      { code: 'attempt_unknown', data: { job: jobId(3) } },
      { code: 'attempt_unknown', data: { job: jobId(4) } },
    ]);
  });

  it('does not run an attempt twice', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ maxTokens: 40 }) });
    await clock.advance(100);
    relay.send({ type: 'assign', ...assignment({ maxTokens: 40 }) });
    await clock.advance(1_000);
    relay.send({ type: 'assign', ...assignment({ maxTokens: 40 }) });
    await clock.advance(1_000);
    expect(relay.all('error').map(({ code }) => code)).toEqual(['attempt_duplicate', 'attempt_duplicate']);
    expect(relay.ids(jobId(1))).toHaveLength(40);
  });
});
