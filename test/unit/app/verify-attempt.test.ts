import { describe, expect, it } from 'vitest';
import { verifyAttempt } from '../../../src/app/state/verify-attempt.ts';
import { attemptKey } from '../../../src/provider/attempt-store.ts';
import type { AttemptRow } from '../../../src/provider/history/attempt-history.ts';
import { assignment } from '../provider/scripted-relay.ts';
import { createReadyWorld } from '../provider/world.ts';

/** An attempt as a real provider keeps it. */
async function servedAttempt(): Promise<AttemptRow> {
  const { clock, relay, store } = await createReadyWorld();
  relay.send({ type: 'assign', ...assignment() });
  await clock.advance(2_000);
  const { leaves: _, ...attempt } = [...store.attempts.values()][0]!;
  return { ...attempt, key: attemptKey(attempt) };
}

describe('checking a kept attempt', () => {
  it('R5 finds every signature valid', async () => {
    expect(verifyAttempt(await servedAttempt())).toEqual({
      chunks: [true, true, true, true],
      receipt: true,
      valid: true,
    });
  });

  it('finds what was changed', async () => {
    const attempt = await servedAttempt();
    const chunks = attempt.chunks.map((chunk, i) => (i === 2 ? { ...chunk, total: '5' } : chunk));
    expect(verifyAttempt({ ...attempt, chunks })).toMatchObject({
      chunks: [true, true, false, true],
      valid: false,
    });
    expect(verifyAttempt({ ...attempt, receipt: { ...attempt.receipt!, endedAt: 5 } })).toMatchObject({
      receipt: false,
      valid: false,
    });
    expect(verifyAttempt({ ...attempt, count: 99 }).valid).toBe(false);
    expect(verifyAttempt({ ...attempt, chunks: attempt.chunks.slice(1) }).valid).toBe(false);
    expect(verifyAttempt({ ...attempt, account: `0x${'01'.repeat(20)}` }).valid).toBe(false);
  });
});
