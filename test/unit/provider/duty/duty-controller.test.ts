import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimRandom } from '../../../../src/sim/sim-random.ts';
import { TraceRun } from './trace.ts';

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);
const START = 20_000;

/** From `START` on steps take `factor` times as long, until `end`. */
const game =
  (factor: number, end = Number.POSITIVE_INFINITY) =>
  (at: number): number =>
    at >= START && at < end ? factor : 1;

describe('D2 an owner’s game is noticed within two steps', () => {
  it.each([
    [2.6, 0.05],
    [3, 0.05],
    [3, 0.1],
    [6, 0.1],
    [6, 0.2],
  ])('that makes steps %f times as long, with a noise of %f', (factor, noise) => {
    for (const seed of seeds) {
      const trace = { random: new SimRandom(seed), noise, load: game(factor), prefillEvery: 40 };
      const run = new TraceRun(trace).run(START);
      // A step that had begun before it says nothing.
      const before = run.steps;
      run.run(START + 2_000);
      const reaction = run.reaction(START)!;
      expect(reaction.change, `seed ${seed}`).toBe('yield');
      expect(reaction.step - before, `seed ${seed}`).toBeLessThanOrEqual(2);
    }
  });

  it('D2 eases first where they take half as long again, and yields where that does not help', () => {
    for (const seed of seeds) {
      const trace = { random: new SimRandom(seed), noise: 0.03, load: game(1.75) };
      const run = new TraceRun(trace).run(START);
      const before = run.steps;
      run.run(START + 5_000);
      const [first, second, third] = run.events;
      expect(first).toMatchObject({ change: 'level', level: 0.5, step: before + 2 });
      expect(second).toMatchObject({ change: 'level', level: 0.25, step: before + 4 });
      expect(third).toMatchObject({ change: 'yield', level: 0, step: before + 6 });
    }
  });

  it('D2 notices a game that hits every other step', () => {
    const run = new TraceRun({
      random: new SimRandom(4),
      noise: 0.05,
      load: (at) => (at >= START && Math.floor(at / 30) % 2 ? 4 : 1),
    });
    run.run(START + 3_000);
    expect(run.reaction(START)).toBeDefined();
    expect(run.yields).toHaveLength(1);
  });
});

describe('D1 what is no game', () => {
  it('noise alone never makes the tab yield, whatever the batch and the prompts', () => {
    let steps = 0;
    for (const seed of seeds.slice(0, 6)) {
      const trace = {
        random: new SimRandom(seed),
        noise: 0.1 + 0.1 * (seed % 2),
        prefillEvery: 30,
        rows: (at: number) => 1 + (Math.floor(at / 3_000) % 8),
      };
      const run = new TraceRun(trace).run(300_000);
      expect(run.yields, `seed ${seed}`).toEqual([]);
      steps += run.steps;
    }
    expect(steps).toBeGreaterThan(50_000);
  });

  it('lone hiccups of a step are none: with one in 500 a yield comes at most every 50,000 steps', () => {
    let [steps, yields] = [0, 0];
    for (const seed of seeds.slice(0, 6)) {
      const run = new TraceRun({ random: new SimRandom(seed), hiccups: 0.002 }).run(300_000);
      steps += run.steps;
      yields += run.yields.length;
    }
    expect(yields / steps).toBeLessThan(1 / 50_000);
  });

  it('a larger batch is none, also the first time', () => {
    for (const rows of [2, 4, 8, 16]) {
      const trace = { random: new SimRandom(rows), rows: (at: number) => (at < START ? 1 : rows) };
      expect(new TraceRun(trace).run(60_000).events).toEqual([]);
    }
  });

  it('D5 a GPU that gets hot is none: it is spared in proportion, and works on', () => {
    const load = (at: number): number => 1 + 1.2 * (1 - Math.exp(-Math.max(0, at - START) / 120_000));
    const run = new TraceRun({ random: new SimRandom(5), load }).run(900_000);
    expect(run.yields).toEqual([]);
    expect(run.controller.mode).toBe('eased');
    expect(run.controller.level).toBeGreaterThan(0.4);
    expect(run.controller.level).toBeLessThan(0.7);
    // Not at each step of the noise.
    expect(run.events.length).toBeLessThan(10);
  });
});

describe('D3 the way back', () => {
  it('comes with the first look after the game ended, a quarter first, and never later than 30 s', () => {
    for (const minutes of [0.1, 1, 20]) {
      const end = START + minutes * 60_000;
      const run = new TraceRun({ random: new SimRandom(9), load: game(3, end) }).run(end + 60_000);
      expect(run.yields).toHaveLength(1);
      const [resume] = run.resumes;
      expect(resume!.level).toBe(0.25);
      expect(resume!.at - end).toBeGreaterThan(0);
      expect(resume!.at - end).toBeLessThan(31_000);
      expect(run.events.slice(-2).map(({ level }) => level)).toEqual([0.5, 1]);
    }
  });

  it('costs the game three steps at a look, rarer and rarer', () => {
    const run = new TraceRun({ random: new SimRandom(2), load: game(3) }).run(START + 1_000);
    const before = run.steps;
    run.run(START + 600_000);
    const looks = run.events.filter(({ change }) => change === 'look_again').length;
    expect(looks).toBeGreaterThan(15);
    expect(looks).toBeLessThan(30);
    expect((run.steps - before) / looks).toBeLessThanOrEqual(3.5);
  });

  it('is slower each time where something loads in bursts', () => {
    const bursts = (at: number): number => (at >= START && Math.floor(at / 1_000) % 5 === 0 ? 5 : 1);
    const run = new TraceRun({ random: new SimRandom(6), load: bursts }).run(START + 300_000);
    expect(run.yields.length).toBeGreaterThan(1);
    expect(run.yields.length).toBeLessThan(15);
  });

  it('wakes a GPU that slept before it judges it', () => {
    const run = new TraceRun({ random: new SimRandom(3), load: game(3) }).run(START);
    const { controller } = run;
    while (controller.mode !== 'yielding') run.run(run.at + 1);
    controller.beginLook();
    const changes = [150, 120, 100, 80, 60, 40, 22, 20].map((ms, i) =>
      controller.step('decode', 1, 64 + i, ms, 40_000 + 100 * i),
    );
    expect(changes.at(-1)).toBe('resume');
    expect(new Set(changes.slice(0, -1))).toEqual(new Set(['none']));
  });

  it('D3 what the owner calls normal is normal', () => {
    const run = new TraceRun({ random: new SimRandom(3), load: game(3) }).run(START + 60_000);
    expect(run.controller.mode).toBe('yielding');
    run.controller.reset();
    run.run(START + 120_000);
    expect(run.controller.mode).toBe('full');
    expect(run.yields).toHaveLength(1);
  });
});

describe('whatever the trace', () => {
  it('D2 no two hard steps in a row leave the tab at work; levels stay within their bounds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 3, max: 50, noNaN: true }),
        fc.double({ min: 0.5, max: 200, noNaN: true }),
        fc.integer({ min: 1, max: 16 }),
        (seed, factor, stepMs, rows) => {
          const most = Math.max(stepMs, 4); // Below a few milliseconds a difference may be the timer's.
          const trace = { random: new SimRandom(seed), stepMs: most, noise: 0.05, rows: () => rows };
          const run = new TraceRun({ ...trace, load: (at) => (at >= 60 * most * rows ? factor : 1) });
          run.run(60 * most * rows);
          const before = run.steps;
          run.run(run.at + 10 * most * rows * factor);
          const [first] = run.yields;
          expect(first!.step - before).toBeLessThanOrEqual(2);
          for (const { level } of run.events) expect(level >= 0 && level <= 1).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes any sequence of steps without failing, and is at work again when they are even', () => {
    const step = fc.tuple(
      fc.constantFrom('decode' as const, 'prefill' as const),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 8_192 }),
      fc.double({ min: 0.01, max: 60_000, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const run = new TraceRun({ random: new SimRandom(1), noise: 0 });
        for (const [kind, size, length, ms] of steps) {
          run.at += ms;
          if (run.controller.mode !== 'yielding') run.controller.step(kind, size, length, ms, run.at);
          expect(run.controller.level >= 0 && run.controller.level <= 1).toBe(true);
        }
        run.controller.reset();
        run.run(run.at + 30_000);
        expect(run.controller.mode).toBe('full');
      }),
      { numRuns: 60 },
    );
  });
});
