import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/core/errors.ts';
import { createMemoryReceiptStore } from '../../../src/relay/receipts/memory-receipt-store.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld, letters } from './support/relay-world.ts';

const prompt = BYTE_MODEL.tokenizer.chat([{ role: 'user', content: 'Speak.' }]);

describe('a stream', () => {
  it('is role, content, finish, usage and [DONE], each as OpenAI has it', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ stream_options: { include_usage: true } });
    expect(agent.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-afterglow-job': provider.attempt.assignment.job,
    });
    provider.attempt.give(bytes('Ay, '));
    provider.attempt.give([...bytes('sir'), EOS]);
    provider.attempt.finish('stop');
    await world.settle();
    const base = {
      id: `chatcmpl-${provider.attempt.assignment.job.slice(2)}`,
      object: 'chat.completion.chunk',
      created: 1_800_000_000,
      model: 'bytes',
      system_fingerprint: 'fp_b7b7b7b7b7b7',
    };
    const chunk = (delta: object, finish_reason: string | null = null) => ({
      ...base,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
      usage: null,
    });
    expect(agent.events).toEqual([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Ay, ' }),
      chunk({ content: 'sir' }),
      chunk({}, 'stop'),
      {
        ...base,
        choices: [],
        usage: { prompt_tokens: prompt.length, completion_tokens: 8, total_tokens: prompt.length + 8 },
      },
    ]);
    expect(agent.done).toBe(true);
    expect(agent.ended).toBe(true);
  });

  it('H5 has no usage where none was asked for, no ids either, and nothing of payments where nobody pays', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ max_tokens: 1 });
    provider.attempt.give([97]);
    provider.attempt.finish('length');
    await world.settle();
    expect(agent.text).not.toMatch(/usage|token_ids|event:|payment/);
    expect(agent.finish).toBe('length');
  });

  it('A4 has the ids of prompt and answer on request, also of half a character', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ return_token_ids: true });
    const ids = [...bytes('é😀!'), EOS];
    for (const id of ids) provider.attempt.give([id]);
    provider.attempt.finish('stop');
    await world.settle();
    expect(agent.events[0]?.prompt_token_ids).toEqual(prompt);
    expect(agent.tokenIds).toEqual(ids);
    expect(agent.content).toBe('é😀!');
  });

  it('never shows half a character, nor writes anything for one', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ max_tokens: 6 });
    const [first = 0, ...rest] = bytes('😀');
    provider.attempt.give([97, first]);
    const before = agent.text;
    for (const id of rest.slice(0, -1)) provider.attempt.give([id]);
    expect(agent.text).toBe(before);
    provider.attempt.give(rest.slice(-1));
    expect(agent.content).toBe('a😀');
    provider.attempt.give([first]);
    provider.attempt.finish('length');
    await world.settle();
    expect(agent.content).toBe('a😀\uFFFD');
  });

  it.each([
    ['one stop string', 'STOP', 'To be STOP', 'To be '],
    ['the first of several', ['xx', 'be'], 'To be', 'To '],
    ['one that begins twice', 'aab', 'xaaab', 'xa'],
    ['one that never comes whole', 'STOP', 'To be STO', 'To be STO'],
  ])('is cut before %s', async (_name, stop, text, expected) => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ stop });
    const whole = expected !== text;
    for (const id of bytes(text)) provider.attempt.give([id]);
    if (!whole) provider.attempt.give([EOS]);
    provider.attempt.finish('stop');
    await world.settle();
    expect(agent.content).toBe(expected);
    expect(agent.finish).toBe('stop');
    expect((await world.receipt(agent)).outputTokens).toBe(text.length + (whole ? 0 : 1));
  });

  it('finds a stop string across a move', async () => {
    const world = createRelayWorld();
    const first = world.join();
    const agent = await world.ask({ stop: 'STOP' });
    first.provider.attempt.give(bytes('Go. ST'));
    first.socket.drop();
    const second = world.join();
    second.provider.attempt.give(bytes('OP'));
    second.provider.attempt.finish('stop');
    await world.settle();
    expect(agent.content).toBe('Go. ');
    expect(agent.done).toBe(true);
  });

  it('R4 has no [DONE] before its receipt is durable, and none at all where that fails', async () => {
    const store = createMemoryReceiptStore();
    const gate = Promise.withResolvers<void>();
    const world = createRelayWorld({
      store: {
        ...store,
        async put(receipt) {
          await gate.promise;
          if ('outputTokens' in receipt && receipt.outputTokens === 2)
            throw new CodedError('store_failed', 'The disk is full.');
          await store.put(receipt);
        },
      },
    });
    const { provider } = world.join({ slots: 2 });
    const agents = [await world.ask({ max_tokens: 1 }), await world.ask({ max_tokens: 2 })];
    for (const attempt of provider.attempts) {
      attempt.give(letters(attempt.assignment.maxTokens));
      attempt.finish('length');
    }
    await world.settle();
    expect(agents.map(({ ended }) => ended)).toEqual([false, false]);
    gate.resolve();
    await world.settle();
    expect(agents.map(({ done, errorCode, content }) => [done, errorCode, content])).toEqual([
      [true, undefined, 'a'],
      [false, 'receipt_not_stored', 'ab'],
    ]);
  });

  it('A5 that nobody reads any more is cancelled', async () => {
    const world = createRelayWorld({ limits: { answerBuffer: 1000 } });
    const { provider, socket } = world.join({ slots: 2 });
    const gone = await world.ask();
    gone.leave();
    expect(socket.received.at(-1)).toMatchObject({ type: 'cancel', lease: 0 });
    const slow = await world.ask();
    slow.unread = 2000;
    provider.attempt.give([97]);
    expect(socket.received.at(-1)).toMatchObject({ type: 'cancel', job: provider.attempt.assignment.job });
    expect(slow.errorCode).toBe('client_too_slow');
    await world.settle();
    expect((await world.receipt(slow)).attempts).toMatchObject([
      { ended: 'cancelled', count: 1, unsigned: 1 },
    ]);
    expect(world.relay.figures().jobs).toMatchObject({ running: 0, cancelled: 2 });
  });
});

describe('a whole answer', () => {
  it('is what OpenAI gives', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ stream: false, return_token_ids: true, stop: 'END' });
    provider.attempt.give(bytes('Ay END'));
    expect(agent.text).toBe('');
    provider.attempt.finish('stop');
    await world.settle();
    expect(agent.status).toBe(200);
    expect(agent.job).toBe(provider.attempt.assignment.job);
    expect(agent.json).toMatchObject({
      object: 'chat.completion',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Ay ', refusal: null },
          logprobs: null,
          finish_reason: 'stop',
          token_ids: bytes('Ay END'),
        },
      ],
      usage: { prompt_tokens: prompt.length, completion_tokens: 6, total_tokens: prompt.length + 6 },
      prompt_token_ids: prompt,
    });
  });

  it('that fails has a status and says whether a retry can help', async () => {
    const world = createRelayWorld({ limits: { queueMs: 1_000 } });
    const { socket } = world.join();
    const agent = await world.ask({ stream: false });
    socket.drop();
    await world.clock.advance(1_001);
    expect([agent.status, agent.errorCode]).toEqual([503, 'no_provider']);
    expect(agent.headers).toMatchObject({ 'retry-after': '2' });
    expect(agent.job).toBeDefined();
  });

  it('is cancelled when its reader goes', async () => {
    const world = createRelayWorld();
    const { socket } = world.join();
    const agent = await world.ask({ stream: false });
    agent.leave();
    expect(socket.received.at(-1)).toMatchObject({ type: 'cancel' });
    await agent.answered;
  });
});
