import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../src/core/errors.ts';
import type { Engine } from '../../../../src/engine/engine.ts';
import { assignment, jobId } from '../scripted-relay.ts';
import { createLendingWorld, type LendingWorldOptions, order } from './lending-world.ts';

async function lend(options: LendingWorldOptions = {}) {
  const world = createLendingWorld(options);
  const started = world.lender.start(order).catch(() => {});
  await world.clock.advance(2_200);
  return { ...world, started };
}

/** Jobs on such an engine fail with `code` after `tokens`; its warm-up is well. */
function failing(engine: Engine, code: string, tokens: number): Engine {
  return {
    ...engine,
    open(request) {
      const stream = engine.open(request);
      if (request.tokens.length === 1) return stream;
      return {
        grant: (count) => stream.grant(count),
        async *[Symbol.asyncIterator]() {
          let given = 0;
          for await (const sample of stream) {
            if (given++ === tokens) break;
            yield sample;
          }
          throw new CodedError(code, 'As the test says.');
        },
      };
    },
  };
}

const dead = (engine: Engine): Engine => ({
  ...engine,
  open() {
    throw new CodedError('device_lost', 'The GPU was lost.');
  },
});

describe('D6 an engine that fails', () => {
  it('twenty times in a row under load leaves a provider that works', async () => {
    const { clock, relay, lender, engines } = await lend();
    for (let n = 0; n < 20; n++) {
      relay.send({ type: 'assign', ...assignment({ job: jobId(n) }) });
      await clock.advance(100);
      await engines.at(-1)!.close();
      await clock.advance(100);
      expect(lender.status().state).toMatchObject({ name: 'recovering', reason: { code: 'engine_closed' } });
      await clock.advance(3_000);
      expect(lender.status().state).toMatchObject({ name: 'waiting' });
    }
    expect(relay.all('handback').map(({ code }) => code)).toEqual(Array(20).fill('engine_closed'));
    relay.send({ type: 'assign', ...assignment({ job: jobId(99), maxTokens: 10 }) });
    await clock.advance(1_000);
    expect(relay.all('result')).toMatchObject([{ job: jobId(99), finish: 'length', count: 10 }]);
    expect(lender.status()).toMatchObject({ recoveries: 20, jobs: 1 });
    expect(engines).toHaveLength(21);
  });

  it('at the first start is an error at once', async () => {
    const { lender, locks, engines } = await lend({ wrap: dead });
    expect(lender.status().state).toMatchObject({ name: 'error', error: { code: 'device_lost' } });
    expect(engines).toHaveLength(1);
    expect(locks.held).toBe(0);
  });

  it('at each new start ends with its error, after a few tries that wait longer and longer', async () => {
    const { clock, lender, engines, lose, locks } = await lend({
      wrap: (engine, n) => (n === 0 ? engine : dead(engine)),
    });
    lose();
    await clock.advance(60_000);
    expect(lender.status().state).toMatchObject({ name: 'error', error: { code: 'device_lost' } });
    expect(engines).toHaveLength(5);
    expect(locks.held).toBe(0);
  });

  it('while nothing runs is noticed, too', async () => {
    const { clock, lender, engines, lose } = await lend();
    lose();
    await clock.advance(50);
    expect(lender.status().state).toMatchObject({ name: 'recovering', reason: { code: 'device_lost' } });
    await clock.advance(5_000);
    expect(lender.status().state).toMatchObject({ name: 'waiting' });
    expect(engines).toHaveLength(2);
  });

  it('and is stopped meanwhile stays stopped', async () => {
    const { clock, lender, engines, lose, locks } = await lend();
    lose();
    await clock.advance(100);
    await lender.stop();
    await clock.advance(60_000);
    expect(lender.status().state).toEqual({ name: 'idle' });
    expect(engines).toHaveLength(1);
    expect(locks.held).toBe(0);
  });
});

describe('D6 numbers that are none', () => {
  it('are handed back; twice in a row the engine is built anew, then the model is refused', async () => {
    const { clock, relay, lender, engines } = await lend({
      wrap: (engine) => failing(engine, 'output_not_finite', 3),
    });
    const job = async (n: number): Promise<void> => {
      relay.send({ type: 'assign', ...assignment({ job: jobId(n) }) });
      await clock.advance(500);
    };
    await job(1);
    expect(lender.status().state).toMatchObject({ name: 'waiting' });
    await job(2);
    expect(lender.status().state).toMatchObject({
      name: 'recovering',
      reason: { code: 'output_not_finite' },
    });
    await clock.advance(5_000);
    expect(engines).toHaveLength(2);
    await job(3);
    await job(4);
    await clock.advance(5_000);
    expect(relay.all('handback').map(({ code }) => code)).toEqual(Array(4).fill('output_not_finite'));
    expect(lender.status().state).toMatchObject({
      name: 'error',
      error: { code: 'output_not_finite', message: expect.stringContaining('fresh engine') as string },
    });
    await expect(lender.start(order)).rejects.toMatchObject({ code: 'output_not_finite' });
    expect(engines).toHaveLength(2);
  });
});

describe('memory that does not suffice', () => {
  it('is tried with fewer streams, then with a shorter context; what was given up is said', async () => {
    const tried: unknown[] = [];
    const { lender, started } = await lend({
      load: async ({ slots, context }) => {
        tried.push([slots, context]);
        throw new CodedError('out_of_memory', 'There is not enough memory.');
      },
    });
    await started;
    expect(tried).toEqual([
      [2, undefined],
      [1, undefined],
      [1, 2048],
      [1, 1024],
      [1, 512],
    ]);
    expect(lender.status().state).toMatchObject({ name: 'error', error: { code: 'out_of_memory' } });
  });

  it('while it runs hands back, and goes on with fewer streams', async () => {
    const { clock, relay, lender, orders } = await lend({
      wrap: (engine, n) => (n === 0 ? failing(engine, 'out_of_memory', 3) : engine),
    });
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(5_000);
    expect(relay.all('handback')).toMatchObject([{ code: 'out_of_memory' }]);
    expect(orders.map(({ slots }) => slots)).toEqual([2, 1]);
    expect(lender.status()).toMatchObject({
      state: { name: 'waiting' },
      slots: 1,
      reduction: { slots: 1, reason: { code: 'out_of_memory' } },
    });
  });
});

describe('the owner takes the memory back', () => {
  it('at once, and gets a lender that goes on with the same model', async () => {
    const { clock, relay, lender, engines } = await lend();
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(100);
    void lender.unload();
    await clock.advance(20);
    expect(() => engines[0]!.open({} as never)).toThrow(expect.objectContaining({ code: 'engine_closed' }));
    await clock.advance(2_000);
    expect(relay.all('handback')).toMatchObject([{ code: 'stopped' }]);
    expect(lender.status().state).toEqual({ name: 'unloaded' });
    await clock.advance(600_000);
    expect(engines).toHaveLength(1);
    void lender.resume();
    await clock.advance(2_200);
    expect(lender.status().state).toMatchObject({ name: 'waiting' });
    expect(engines).toHaveLength(2);
  });
});
