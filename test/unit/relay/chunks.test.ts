import { describe, expect, it } from 'vitest';
import type { ChunkStatement } from '../../../src/protocol/wire/job.ts';
import { CloseCode } from '../../../src/protocol/wire/frame-socket.ts';
import { FREE_PAYMENT, type Payment } from '../../../src/relay/access/payment.ts';
import { bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld, letters } from './support/relay-world.ts';

/** A world in which one provider holds a job of 100 tokens and 40 of them were delivered, 32 signed. */
async function halfway() {
  const world = createRelayWorld();
  const tab = world.join();
  const agent = await world.ask({ max_tokens: 100 });
  tab.provider.attempt.give(letters(40));
  return { world, agent, ...tab, attempt: tab.provider.attempt };
}

describe('C5 chunks', () => {
  it('are taken as they continue the attempt, also when the next tokens came first', async () => {
    const { agent, attempt, provider, world } = await halfway();
    provider.send({ type: 'delta', ...attempt.ref, ids: letters(60) });
    attempt.ids.push(...letters(60));
    for (const count of [32, 32, 4]) attempt.chunk(count);
    attempt.finish('length');
    await world.settle();
    expect(agent.done).toBe(true);
    expect((await world.receipt(agent)).attempts[0]?.chunks.map(({ count }) => count)).toEqual([
      32, 32, 32, 4,
    ]);
  });

  it.each<[string, Partial<ChunkStatement>]>([
    ['index', { index: 0 }],
    ['position', { first: 0 }],
    ['its tokens were not delivered', { count: 9 }],
    ['it is short and not the last', { count: 7 }],
    ['total', { total: '1' }],
  ])('of which one states a wrong %s close the connection', async (fault, wrong) => {
    const { agent, attempt, provider, socket, world } = await halfway();
    const other = world.join();
    attempt.chunk(8, wrong);
    expect(provider.errors).toEqual(['chunk_invalid']);
    expect(socket.received.at(-1)).toMatchObject({ data: { fault } });
    expect(socket.closed?.code).toBe(CloseCode.protocolError);
    expect(other.provider.attempt.assignment.prior).toEqual(letters(40));
    expect(agent.ended).toBe(false);
  });

  it('by another key close it too', async () => {
    const { attempt, provider } = await halfway();
    attempt.chunk(8, {}, new Uint8Array(32).fill(9));
    expect(provider.errors).toEqual(['chunk_invalid']);
  });
});

describe('C1 a short chunk', () => {
  it('is the last: nothing follows it', async () => {
    const { agent, attempt, provider } = await halfway();
    attempt.chunk(8);
    attempt.give(letters(1));
    expect(provider.errors[0]).toBe('chunk_invalid');
    expect(agent.content).toHaveLength(40);
  });
});

describe('C6 credit', () => {
  /** A payment that covers what the test says. */
  function payment(covered: number): { payment: Payment; cover: (tokens: number) => void } {
    let tell = (): void => {};
    return {
      payment: {
        ...FREE_PAYMENT,
        covered: () => covered,
        onCovered: (run) => {
          tell = run;
          return () => (tell = () => {});
        },
      },
      cover(tokens) {
        covered = tokens;
        tell();
      },
    };
  }

  it('is what is covered, and grows with it, also for the next provider', async () => {
    const { payment: terms, cover } = payment(32);
    const world = createRelayWorld({ access: () => ({ agent: 'a', payment: terms }) });
    const { provider, socket } = world.join();
    const agent = await world.ask({ max_tokens: 100 });
    expect(provider.attempt.assignment).toMatchObject({ credit: 32, maxTokens: 100 });
    provider.attempt.give(letters(32));
    cover(64);
    expect(socket.received.at(-1)).toMatchObject({ type: 'credit', tokens: 64 });
    provider.attempt.give(letters(20));
    const next = world.join();
    socket.drop();
    expect(next.provider.attempt.assignment).toMatchObject({ credit: 12, maxTokens: 48 });
    cover(1000);
    expect(next.socket.received.at(-1)).toMatchObject({ type: 'credit', tokens: 48 });
    next.provider.attempt.give(letters(48));
    next.provider.attempt.finish('length');
    await world.settle();
    expect(agent.done).toBe(true);
  });

  it('is never passed: none of the surplus is accepted', async () => {
    const world = createRelayWorld({ access: () => ({ agent: 'a', payment: payment(40).payment }) });
    const { provider, socket } = world.join();
    const agent = await world.ask({ max_tokens: 100 });
    provider.attempt.give(letters(40));
    provider.attempt.give(letters(1));
    expect(provider.errors).toEqual(['credit_exceeded']);
    expect(socket.received.at(-1)).toMatchObject({ data: { credit: 40, tokens: 41 } });
    expect(agent.content).toHaveLength(40);
  });

  it('ends at max_tokens', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ max_tokens: 3 });
    provider.attempt.give(letters(4));
    expect(provider.errors[0]).toBe('credit_exceeded');
    expect(agent.content).toBe('');
  });
});

describe('A2 the end of an attempt', () => {
  it.each([
    ['stop', 'a', 'finish_invalid'],
    ['length', 'a', 'finish_invalid'],
  ] as const)('that is stated as %s without being so closes the connection', async (finish, text, code) => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ max_tokens: 5 });
    provider.attempt.give(bytes(text));
    provider.attempt.finish(finish);
    await world.settle();
    expect(provider.errors).toEqual([code]);
    expect(agent.ended).toBe(false);
  });

  it('is the first stop id or string: what comes after is refused, and the answer is whole', async () => {
    for (const ids of [
      [97, EOS, 98],
      [...bytes('aEND'), 98],
    ]) {
      const world = createRelayWorld();
      const { provider } = world.join();
      const agent = await world.ask({ stop: 'END' });
      provider.send({ type: 'delta', ...provider.attempt.ref, ids });
      await world.settle();
      expect(provider.errors).toEqual(['output_after_stop']);
      expect(agent.content).toBe('a');
      expect(agent.finish).toBe('stop');
      expect(agent.done).toBe(true);
      expect((await world.receipt(agent)).outputTokens).toBe(ids.length - 1);
    }
  });

  it('is refused where an id is not in the vocabulary', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask();
    provider.send({ type: 'delta', ...provider.attempt.ref, ids: [97, 257] });
    expect(provider.errors).toEqual(['token_unknown']);
  });
});

describe('R1 an attempt’s receipt', () => {
  it.each([
    ['promptHash', { promptHash: `0x${'00'.repeat(32)}` }],
    ['outputHash', { outputHash: `0x${'00'.repeat(32)}` }],
    ['seed', { seed: '0x0000000000000000' }],
    ['choice', { choice: 1 }],
    ['count', { count: 4 }],
    ['lease', { lease: 3 }],
    ['provider', { provider: `0x${'00'.repeat(20)}` }],
    ['total', { total: '7' }],
    ['commitment', { commitment: `0x${'00'.repeat(32)}` }],
  ] as const)('with a wrong %s closes the connection; the whole answer is kept', async (field, wrong) => {
    const world = createRelayWorld();
    const { provider, socket } = world.join();
    const agent = await world.ask({ max_tokens: 3 });
    provider.attempt.give(letters(3));
    provider.attempt.finish('length', wrong);
    await world.settle();
    expect(provider.errors).toEqual(['receipt_invalid']);
    expect(socket.received.at(-1)).toMatchObject({ data: { field } });
    expect(agent.done).toBe(true);
    expect((await world.receipt(agent)).attempts[0]).toMatchObject({
      ended: 'receipt_invalid',
      receipt: null,
      unsigned: 0,
    });
  });

  it('is refused while a token is unsigned', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask({ max_tokens: 3 });
    const { attempt } = provider;
    provider.send({ type: 'delta', ...attempt.ref, ids: letters(3) });
    attempt.finish('length', { count: 3 });
    expect(provider.errors).toEqual(['receipt_invalid']);
  });
});
