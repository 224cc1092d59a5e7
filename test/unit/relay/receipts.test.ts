import { describe, expect, it } from 'vitest';
import { verifyReceipt } from '../../../src/protocol/money/verify-receipt.ts';
import { jobReceiptSchema } from '../../../src/protocol/money/receipt.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld, letters, type RelayWorld } from './support/relay-world.ts';
import type { TestAgent } from './support/test-agent.ts';

const prompt = BYTE_MODEL.tokenizer.chat([{ role: 'user', content: 'Speak.' }]);

async function get(world: RelayWorld, path: string, headers = {}): Promise<TestAgent> {
  const [name = '', query = ''] = path.split('?');
  const agent = world.request({ path: name, query, headers });
  await world.settle();
  return agent;
}

/** A job that moved once: 40 ids from one provider, which signed 32, and 3 from another. */
async function moved(world: RelayWorld) {
  const first = world.join();
  const agent = await world.ask({ max_tokens: 50 }, { headers: { authorization: 'Bearer agent-key' } });
  first.provider.attempt.give(letters(40));
  first.socket.drop();
  const second = world.join();
  second.provider.attempt.give([...bytes('zz'), EOS]);
  second.provider.attempt.finish('stop');
  await world.settle();
  return { agent, second };
}

describe('R4 a receipt', () => {
  it('lists the attempts in order, verifies offline, and can be fetched', async () => {
    const world = createRelayWorld();
    const { agent } = await moved(world);
    const answer = await get(world, `/v1/receipts/${agent.job}`);
    const receipt = jobReceiptSchema.parse(answer.json);
    expect(
      receipt.attempts.map(({ ended, count, unsigned, receipt: signed }) => [
        ended,
        count,
        unsigned,
        signed !== null,
      ]),
    ).toEqual([
      ['socket_closed', 40, 8, false],
      ['finished', 3, 0, true],
    ]);
    expect(receipt).toMatchObject({
      modelId: 'bytes',
      model: BYTE_MODEL.ref,
      finish: 'stop',
      outputTokens: 43,
    });
    const evidence = { promptIds: prompt, outputIds: [...letters(40), ...bytes('zz'), EOS] };
    expect(verifyReceipt(receipt, evidence)).toEqual([]);
  });

  it('of a running job is pending, and of no job not found', async () => {
    const world = createRelayWorld();
    world.join();
    const agent = await world.ask();
    const codes = [];
    for (const job of [agent.job, `0x${'00'.repeat(16)}`, '0x00', 'nonsense']) {
      const { status, errorCode } = await get(world, `/v1/receipts/${job}`);
      codes.push([status, errorCode]);
    }
    expect(codes).toEqual([
      [404, 'receipt_pending'],
      [404, 'receipt_not_found'],
      [404, 'receipt_not_found'],
      [404, 'receipt_not_found'],
    ]);
  });

  it('is not made for a job that nobody worked on', async () => {
    const world = createRelayWorld({ limits: { queueMs: 100 } });
    world.join();
    await world.ask();
    const waiting = await world.ask();
    await world.clock.advance(200);
    expect((await get(world, `/v1/receipts/${waiting.job}`)).status).toBe(404);
  });
});

describe('C4 openings', () => {
  const owner = { authorization: 'Bearer agent-key' };

  it('come from the providers that are here, and fit what they signed', async () => {
    const world = createRelayWorld();
    const { agent, second } = await moved(world);
    second.provider.onOther = (message) => {
      if (message.type === 'open')
        second.provider.send({
          type: 'opening',
          ...second.provider.attempt.ref,
          leaves: second.provider.attempt.leaves,
        });
    };
    const answer = await get(world, `/v1/receipts/${agent.job}?openings=1`, owner);
    expect(answer.json).toMatchObject({
      job: agent.job,
      openings: [
        { lease: 0, leaves: [], error: { code: 'provider_lost' } },
        { lease: 1, leaves: second.provider.attempt.leaves, problems: [] },
      ],
    });
  });

  it.each<[string, (leaves: string[]) => string[], object]>([
    [
      'other ids',
      ([leaf = '']) => [btoa(`zzz${atob(leaf).slice(3)}`)],
      { problems: [{ code: 'opening_commitment' }, { code: 'opening_ids' }] },
    ],
    ['too few', () => [], { error: { code: 'leaves_gone' } }],
    ['no leaf at all', () => ['AAAA'], { error: { code: 'leaf_malformed' } }],
    ['no base64', () => ['?'], { error: { code: 'leaf_malformed' } }],
  ])('with %s are told from honest ones', async (_name, forge, expected) => {
    const world = createRelayWorld();
    const { agent, second } = await moved(world);
    const { provider } = second;
    provider.onOther = (message) => {
      if (message.type === 'open')
        provider.send({ type: 'opening', ...provider.attempt.ref, leaves: forge(provider.attempt.leaves) });
    };
    const answer = await get(world, `/v1/receipts/${agent.job}?openings=1`, owner);
    expect((answer.json as { openings?: unknown[] }).openings?.[1]).toMatchObject(expected);
    expect(second.socket.closed).toBeUndefined();
  });

  it('are waited for, but not for ever, and come to nobody when nobody asked', async () => {
    const world = createRelayWorld();
    const { agent, second } = await moved(world);
    const slow = await get(world, `/v1/receipts/${agent.job}?openings=1`, owner);
    expect(slow.ended).toBe(false);
    for (let i = 0; i < 11; i++) {
      await world.clock.advance(1_000);
      second.provider.heartbeat();
    }
    expect((slow.json as { openings?: unknown[] }).openings?.[1]).toMatchObject({
      error: { code: 'opening_late' },
    });
    second.provider.send({ type: 'opening', ...second.provider.attempt.ref, leaves: [] });
    expect(second.provider.errors).toEqual(['attempt_unknown']);
    const lost = await get(world, `/v1/receipts/${agent.job}?openings=1`, owner);
    second.socket.drop();
    await world.settle();
    expect((lost.json as { openings?: unknown[] }).openings?.[1]).toMatchObject({
      error: { code: 'provider_lost' },
    });
  });

  it('hold the answer, so only who asked for it gets them', async () => {
    const world = createRelayWorld();
    const { agent } = await moved(world);
    const stranger = await get(world, `/v1/receipts/${agent.job}?openings=1`, {
      authorization: 'Bearer other',
    });
    expect([stranger.status, stranger.errorCode]).toEqual([403, 'openings_not_yours']);
  });
});
