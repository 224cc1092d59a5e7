import { describe, expect, it } from 'vitest';
import { assignment, jobId } from './scripted-relay.ts';
import { createReadyWorld } from './world.ts';

describe('slots', () => {
  it('P1 grants its slots in hello and one back with each result', async () => {
    const { clock, relay } = await createReadyWorld({ slots: 2 });
    expect(relay.all('hello')[0]!.slots).toBe(2);
    for (let n = 1; n <= 6; n += 2) {
      relay.send({ type: 'assign', ...assignment({ job: jobId(n), maxTokens: 5 }) });
      relay.send({ type: 'assign', ...assignment({ job: jobId(n + 1), maxTokens: 5 }) });
      await clock.advance(500);
    }
    expect(relay.all('result').map(({ grant }) => grant)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(relay.all('handback')).toEqual([]);
  });

  it('P1 hands back what was assigned beyond the grant, with nothing lost', async () => {
    const { clock, relay } = await createReadyWorld({ slots: 1 });
    relay.send({ type: 'assign', ...assignment({ job: jobId(1) }) });
    relay.send({ type: 'assign', ...assignment({ job: jobId(2) }) });
    await clock.advance(2_000);
    expect(relay.all('handback')).toMatchObject([{ job: jobId(2), code: 'slots_exceeded', grant: 0 }]);
    expect(relay.all('result')).toMatchObject([{ job: jobId(1), grant: 1 }]);
  });

  it('P2 hands back at once on pause: delivered ids first, signed, no slot granted', async () => {
    const { clock, relay, provider } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ job: jobId(1) }) });
    relay.send({ type: 'assign', ...assignment({ job: jobId(2) }) });
    await clock.advance(407);
    provider.pause({ code: 'paused', message: 'The owner pauses.' });
    const before = clock.now();
    await clock.advance(5);
    const handbacks = relay.all('handback');
    expect(handbacks).toMatchObject([
      { job: jobId(1), code: 'paused', grant: 0 },
      { job: jobId(2), code: 'paused', grant: 0 },
    ]);
    expect(handbacks[0]!.at).toBeLessThanOrEqual(before + 2);
    expect(relay.ids(jobId(1))).toHaveLength(40);
    expect(
      relay
        .all('chunk')
        .filter((chunk) => chunk.job === jobId(1))
        .map(({ count }) => count),
    ).toEqual([32, 8]);
    expect(relay.all('models')).toMatchObject([{ models: [] }]);
    expect(provider.status().state).toMatchObject({ name: 'paused' });

    const sent = relay.messages.length;
    await clock.advance(3_000);
    expect(relay.messages.slice(sent).every((message) => message.type === 'heartbeat')).toBe(true);
  });

  it('P2 hands back what crosses its pause, and grants everything again on resume', async () => {
    const { clock, relay, provider } = await createReadyWorld({ slots: 2 });
    relay.send({ type: 'assign', ...assignment({ job: jobId(1) }) });
    await clock.advance(100);
    provider.pause({ code: 'paused', message: '' });
    relay.send({ type: 'assign', ...assignment({ job: jobId(2) }) });
    await clock.advance(100);
    expect(relay.all('handback').map(({ job, grant }) => [job, grant])).toEqual([
      [jobId(1), 0],
      [jobId(2), 0],
    ]);
    provider.resume();
    await clock.advance(100);
    expect(relay.all('grant')).toMatchObject([{ slots: 2 }]);
    expect(relay.all('models').at(-1)!.models).toHaveLength(1);
    relay.send({ type: 'assign', ...assignment({ job: jobId(3), maxTokens: 3 }) });
    await clock.advance(500);
    expect(relay.all('result')).toMatchObject([{ job: jobId(3), grant: 1 }]);
  });

  it('gives the slot of a cancelled attempt back by grant, and sends nothing more of it', async () => {
    const { clock, relay, engine } = await createReadyWorld({ slots: 1 });
    relay.send({ type: 'assign', ...assignment() });
    await clock.advance(100);
    relay.send({ type: 'cancel', job: jobId(1), lease: 0, reason: 'The client left.' });
    await clock.advance(2_000);
    const last = relay.messages.filter((message) => message.type !== 'heartbeat').at(-1);
    expect(last).toMatchObject({ type: 'grant', slots: 1 });
    expect(relay.ids(jobId(1)).length).toBeLessThanOrEqual(11);
    expect(engine.timings().active).toBe(0);
    relay.send({ type: 'assign', ...assignment({ job: jobId(2), maxTokens: 2 }) });
    await clock.advance(100);
    expect(relay.all('result')).toHaveLength(1);
  });

  it('P1 gives a slot back once where a result crosses its cancel', async () => {
    const { clock, relay } = await createReadyWorld();
    relay.send({ type: 'assign', ...assignment({ maxTokens: 2 }) });
    await clock.advance(100);
    relay.send({ type: 'cancel', job: jobId(1), lease: 0, reason: '' });
    relay.send({ type: 'credit', job: jobId(1), lease: 0, tokens: 50 });
    await clock.advance(100);
    expect(relay.all('result')).toMatchObject([{ grant: 1 }]);
    expect(relay.all('grant')).toEqual([]);
    expect(relay.all('error')).toEqual([]);
  });
});
