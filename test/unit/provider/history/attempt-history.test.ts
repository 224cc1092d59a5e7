import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import type { StoredAttempt } from '../../../../src/provider/attempt-store.ts';
import { AttemptHistory } from '../../../../src/provider/history/attempt-history.ts';
import { jobId } from '../scripted-relay.ts';

const day = 24 * 60 * 60 * 1000;
let names = 0;

function attempt(n: number, changes: Partial<StoredAttempt> = {}): StoredAttempt {
  return {
    job: jobId(n),
    lease: 0,
    account: `0x${'01'.repeat(20)}`,
    relay: `0x${'02'.repeat(20)}`,
    modelId: 'sim-fp32',
    promptTokens: 3,
    first: 0,
    count: 40,
    chunks: [],
    leaves: [new Uint8Array(46).fill(n)],
    receipt: null,
    ended: 'paused',
    startedAt: day * 20_000 + n,
    endedAt: day * 20_000 + n + 1,
    ...changes,
  };
}

describe('the history of attempts', () => {
  it('C4 gives back the leaves, and lists without them', async () => {
    const history = new AttemptHistory(`history-${names++}`);
    for (const n of [1, 2, 3]) await history.put(attempt(n));
    expect(await history.leaves({ job: jobId(2), lease: 0 })).toEqual([new Uint8Array(46).fill(2)]);
    expect(await history.leaves({ job: jobId(2), lease: 1 })).toBeUndefined();
    const rows = await history.list(2);
    expect(rows.map(({ job }) => job)).toEqual([jobId(3), jobId(2)]);
    expect(rows[0]).not.toHaveProperty('leaves');
    expect((await history.list(5, rows[1]!.endedAt)).map(({ job }) => job)).toEqual([jobId(1)]);
    history.close();
  });

  it('counts an attempt once', async () => {
    const history = new AttemptHistory(`history-${names++}`);
    const receipt = {} as never;
    await history.put(attempt(1, { receipt, endedAt: day * 19_999 }));
    await history.put(attempt(1, { receipt, endedAt: day * 19_999 }));
    await history.put(attempt(2, { receipt }));
    await history.put(attempt(3));
    expect(await history.totals(day * 20_000 + 500)).toEqual({
      jobs: 2,
      tokens: 120,
      today: { jobs: 1, tokens: 80 },
    });
    history.close();
  });

  it('keeps the newest within its bounds', async () => {
    const history = new AttemptHistory(`history-${names++}`, { attempts: 5, leaves: 2 });
    for (let n = 1; n <= 8; n++) await history.put(attempt(n));
    expect((await history.list(20)).map(({ job }) => job)).toEqual([8, 7, 6, 5, 4].map(jobId));
    expect(await history.leaves({ job: jobId(7), lease: 0 })).toHaveLength(1);
    expect(await history.leaves({ job: jobId(6), lease: 0 })).toBeUndefined();
    expect(await history.totals(0)).toMatchObject({ tokens: 320 });
    history.close();
  });
});
