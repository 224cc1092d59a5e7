import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../src/core/errors.ts';
import type { LenderStatus } from '../../../../src/provider/compute/lender-status.ts';
import { feedStatus } from '../../../../src/provider/compute/status-feed.ts';
import { plainSpec } from '../../../../src/protocol/wire/decode-spec.ts';
import { assignment } from '../scripted-relay.ts';
import { createLendingWorld, order } from './lending-world.ts';

describe('lending', () => {
  it('goes from idle over loading and connecting to waiting and serving, and back', async () => {
    const { clock, relay, lender, locks, engines } = createLendingWorld();
    await lender.probe();
    expect(lender.status()).toMatchObject({ state: { name: 'idle' }, gpu: { name: 'Simulated GPU' } });
    const started = lender.start(order);
    await clock.advance(10);
    expect(lender.status().state).toEqual({
      name: 'loading',
      model: 'sim-fp32',
      progress: { phase: 'download', step: 'receiving', bytes: 50, total: 100, rate: 0 },
    });
    await clock.advance(1_000);
    expect(lender.status().state).toMatchObject({ name: 'loading', progress: { phase: 'prepare' } });
    await clock.advance(1_100);
    await started;
    await clock.advance(10);
    expect(lender.status()).toMatchObject({
      state: { name: 'waiting', reason: 'no_jobs' },
      model: 'sim-fp32',
      slots: 2,
    });

    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(500);
    const serving = lender.status();
    expect(serving).toMatchObject({ state: { name: 'serving' }, streams: [{ maxTokens: 100 }] });
    expect(serving.tokensPerSecond).toBeGreaterThan(40);
    await clock.advance(1_000);
    expect(lender.status()).toMatchObject({ state: { name: 'waiting' }, jobs: 1, tokens: 100, kept: 1 });

    await lender.stop();
    expect(lender.status().state).toEqual({ name: 'idle' });
    expect(locks.held).toBe(0);
    expect(() =>
      engines[0]!.open({
        tokens: [1],
        spec: plainSpec(0),
        seed: '0x',
        maxTokens: 1,
        stopIds: [],
      }),
    ).toThrow();
  });

  it('stops while it loads, and starts again', async () => {
    const { clock, lender, locks, engines } = createLendingWorld();
    const failure = lender.start(order).catch((error: unknown) => error);
    await clock.advance(500);
    await lender.stop();
    expect(await failure).toMatchObject({ code: 'aborted' });
    expect(lender.status().state).toEqual({ name: 'idle' });
    expect(locks.held).toBe(0);
    void lender.start(order);
    await clock.advance(2_200);
    expect(lender.status().state.name).toBe('waiting');
    expect(engines).toHaveLength(1);
  });

  it('shows what went wrong and what helps', async () => {
    const { lender, locks } = createLendingWorld({
      load: async () => {
        throw new CodedError('model_corrupt', 'model.onnx is not the file that the manifest names.', {
          file: 'model.onnx',
        });
      },
    });
    await expect(lender.start(order)).rejects.toMatchObject({
      code: 'model_corrupt',
      data: { file: 'model.onnx' },
    });
    const { state } = lender.status();
    expect(state).toMatchObject({
      name: 'error',
      error: { code: 'model_corrupt', data: { file: 'model.onnx' } },
    });
    expect(state.name === 'error' && state.error.cure).toContain('start again');
    expect(locks.held).toBe(0);
  });

  it('leaves the place to the tab that lends already', async () => {
    const { lender } = createLendingWorld({ holdLock: async () => undefined });
    await expect(lender.start(order)).rejects.toMatchObject({ code: 'lending_elsewhere' });
    expect(lender.status().state).toMatchObject({ name: 'error', error: { code: 'lending_elsewhere' } });
  });

  it('refuses to start twice', async () => {
    const { clock, lender } = createLendingWorld();
    void lender.start(order);
    await expect(lender.start(order)).rejects.toMatchObject({ code: 'already_lending' });
    await clock.advance(2_200);
    expect(lender.status().state.name).toBe('waiting');
  });

  it('pauses before, during and after loading', async () => {
    const { clock, relay, lender } = createLendingWorld();
    void lender.start(order);
    lender.pause({ code: 'paused', message: 'The owner plays.' });
    await clock.advance(2_200);
    expect(lender.status().state).toEqual({
      name: 'paused',
      reason: { code: 'paused', message: 'The owner plays.' },
    });
    expect(relay.all('hello')[0]!.models).toEqual([]);
    await lender.resume();
    await clock.advance(100);
    expect(lender.status().state.name).toBe('waiting');
  });

  it('loads the engine anew when the GPU was lost, and counts on', async () => {
    const { clock, relay, lender, engines } = createLendingWorld();
    void lender.start(order);
    await clock.advance(2_200);
    relay.send({ type: 'assign', ...assignment({ maxTokens: 10 }) });
    await clock.advance(300);
    relay.send({ type: 'assign', ...assignment({ lease: 1 }) });
    await clock.advance(100);
    await engines[0]!.close();
    await clock.advance(100);
    expect(relay.all('handback')).toMatchObject([{ code: 'engine_closed' }]);
    await clock.advance(2_000);
    expect(lender.status().state.name).toBe('loading');
    await clock.advance(3_000);
    expect(lender.status()).toMatchObject({ state: { name: 'waiting' }, jobs: 1 });
    expect(engines).toHaveLength(2);
  });
});

describe('the status feed', () => {
  it('pushes four times a second at most, and only what changed', async () => {
    const { clock, relay, lender } = createLendingWorld();
    const pushed: { at: number; status: LenderStatus }[] = [];
    const end = feedStatus(
      clock,
      () => lender.status(),
      (status) => pushed.push({ at: clock.now(), status }),
    );
    await clock.advance(5_000);
    expect(pushed).toHaveLength(1);
    void lender.start(order);
    await clock.advance(2_200);
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(1_100);
    const gaps = pushed.slice(1).map(({ at }, i) => at - pushed[i]!.at);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    await clock.advance(5_000);
    const settled = pushed.length;
    expect(pushed.at(-1)!.status.tokensPerSecond).toBe(0);
    await clock.advance(1_500);
    expect(pushed).toHaveLength(settled);
    end();
  });
});
