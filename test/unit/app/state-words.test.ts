import { describe, expect, it } from 'vitest';
import { describeBytes, describeRate, describeSeconds, shorten } from '../../../src/app/words/quantities.ts';
import { describeEnd, describeState } from '../../../src/app/words/state-words.ts';
import type { LenderState, LenderStatus } from '../../../src/provider/compute/lender-status.ts';

const status = (state: LenderState, changes: Partial<LenderStatus> = {}): LenderStatus => ({
  state,
  relay: { url: '', connected: true },
  streams: [],
  slots: 4,
  tokensPerSecond: 0,
  tokens: 0,
  jobs: 0,
  unfinished: 0,
  stepMs: 0,
  kept: 0,
  recoveries: 0,
  ...changes,
});

describe('what the page says', () => {
  it('gives the reason whenever it is online and not earning', () => {
    const noJobs = describeState(status({ name: 'waiting', reason: 'no_jobs' }), 'Llama', 0);
    expect(noJobs).toMatchObject({
      title: 'Online, but not earning',
      detail: expect.stringContaining('no job for Llama'),
    });
    const draining = describeState(status({ name: 'waiting', reason: 'relay_draining' }), 'Llama', 0);
    expect(draining.detail).toContain('restart');
    const away = describeState(
      status({ name: 'connecting', failures: 3, retryAt: 9_000, last: { code: 'x', message: 'Refused.' } }),
      'Llama',
      2_000,
    );
    expect(away.detail).toBe('Refused. Next try in 7 s.');
  });

  it('says that a free relay pays nothing', () => {
    const free = describeState(
      status({ name: 'serving' }, { relay: { url: '', connected: true, free: true } }),
      '',
      0,
    );
    expect(free.detail).toContain('earn nothing');
    expect(describeState(status({ name: 'serving' }), '', 0).detail).not.toContain('earn nothing');
  });

  it('has a word for every end of an attempt', () => {
    expect(describeEnd('finished')).toBe('Finished');
    expect(describeEnd('context_exceeded')).toBe('Handed back: context exceeded');
  });

  it('writes quantities short', () => {
    expect([0, 0.04, 7.62, 42.4, 1234.6].map(describeRate)).toEqual(['0', '0.0', '7.6', '42', '1,235']);
    expect([900, 1_500, 16_600_000, 2.4e9].map(describeBytes)).toEqual([
      '900 B',
      '1.5 kB',
      '17 MB',
      '2.4 GB',
    ]);
    expect([400, 59_000, 61_000].map(describeSeconds)).toEqual(['0 s', '59 s', '1 min 1 s']);
    expect(shorten('0x1234567890abcdef')).toBe('0x1234…cdef');
  });
});
