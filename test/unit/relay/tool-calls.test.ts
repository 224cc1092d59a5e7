import { describe, expect, it } from 'vitest';
import { callText } from '../../../src/text/tool-format.ts';
import { BYTE_MODEL, bytes, EOS } from './support/byte-model.ts';
import { createRelayWorld } from './support/relay-world.ts';

const tools = [
  { type: 'function', function: { name: 'now', parameters: { type: 'object' } } },
  { type: 'function', function: { name: 'add', parameters: { type: 'object' } } },
];

describe('A9 tool calls', () => {
  it('are streamed: id and name, then their arguments, with their own finish reason', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ tools });
    const text = `Let me see.\n${callText('now', '{"zone": "UTC"}')}\n${callText('add', '{}')}`;
    const ids = [...bytes(text), EOS];
    for (let at = 0; at < ids.length; at += 7) provider.attempt.give(ids.slice(at, at + 7));
    provider.attempt.finish('stop');
    await world.settle();
    const pieces = agent.choice(0);
    expect(pieces[0]?.delta).toEqual({ role: 'assistant', content: null });
    expect(agent.textOf(0)).toBe('Let me see.');
    const deltas = pieces.flatMap(({ delta }) => delta.tool_calls ?? []);
    const first = deltas.filter(({ index }) => index === 0);
    expect(first[0]).toMatchObject({
      id: expect.stringMatching(/^call_/),
      type: 'function',
      function: { name: 'now' },
    });
    expect(
      first.slice(1).every(({ id, function: more }) => id === undefined && more?.name === undefined),
    ).toBe(true);
    expect(first.length).toBeGreaterThan(2);
    expect(first.map(({ function: more }) => more?.arguments).join('')).toBe('{"zone": "UTC"}');
    const second = deltas.filter(({ index }) => index === 1);
    expect(second.map(({ function: more }) => more?.arguments).join('')).toBe('{}');
    expect(second[0]?.id).not.toBe(first[0]?.id);
    expect(agent.finish).toBe('tool_calls');
    // What was signed is what happened to the text.
    expect((await world.receipt(agent)).finish).toBe('stop');
  });

  it('are in a whole answer without text', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ tools, tool_choice: 'required', stream: false });
    provider.attempt.give([...bytes(callText('now', '{"a": [1, "}"]}')), EOS]);
    provider.attempt.finish('stop');
    await world.settle();
    expect(agent.json).toMatchObject({
      choices: [
        {
          finish_reason: 'tool_calls',
          message: {
            role: 'assistant',
            content: null,
            tool_calls: [{ type: 'function', function: { name: 'now', arguments: '{"a": [1, "}"]}' } }],
          },
        },
      ],
    });
  });

  it('that are cut by the limit say so', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const agent = await world.ask({ tools, max_tokens: 50, stream: false });
    provider.attempt.give(bytes(callText('now', '{"zone": "UTC"}')).slice(0, 50));
    provider.attempt.finish('length');
    await world.settle();
    expect(agent.json).toMatchObject({
      choices: [
        { finish_reason: 'length', message: { tool_calls: [{ function: { arguments: '{"zone": ' } }] } },
      ],
    });
  });

  it('are text where there are no tools, and an answer without calls is one', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 2 });
    const plain = await world.ask({});
    provider.attempt.give([...bytes(callText('now', '{}')), EOS]);
    provider.attempt.finish('stop');
    const free = await world.ask({ tools, stream: false });
    provider.attempt.give([...bytes('At noon.\n'), EOS]);
    provider.attempt.finish('stop');
    await world.settle();
    expect([plain.content, plain.finish]).toEqual([callText('now', '{}'), 'stop']);
    expect(free.json).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: 'At noon.\n' } }],
    });
  });

  it('of earlier answers and their results reach the model', async () => {
    const shown: unknown[] = [];
    const tokenizer = {
      ...BYTE_MODEL.tokenizer,
      chat: (...given: unknown[]) => {
        shown.push(given);
        return bytes('prompt');
      },
    };
    const world = createRelayWorld({ models: [{ ...BYTE_MODEL, tokenizer }] });
    world.join();
    const calls = [{ id: 'a', type: 'function', function: { name: 'now', arguments: '{}' } }];
    await world.ask({
      tools: tools.slice(0, 1),
      messages: [
        { role: 'user', content: 'When?', name: 'Bob' },
        { role: 'assistant', content: null, tool_calls: calls },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'noon' }] },
      ],
    });
    expect(shown).toEqual([
      [
        [
          { role: 'user', content: 'When?', name: 'Bob' },
          { role: 'assistant', content: '', calls: [{ id: 'a', name: 'now', arguments: '{}' }] },
          { role: 'tool', content: 'noon', callId: 'a' },
        ],
        [{ name: 'now', parameters: { type: 'object' } }],
      ],
    ]);
  });

  it('A2 end where the grammar lets nothing follow, and nowhere before', async () => {
    const world = createRelayWorld();
    const { provider, socket } = world.join({ slots: 2 });
    const body = { tools, tool_choice: 'required', parallel_tool_calls: false, stream: false };
    const whole = await world.ask(body);
    provider.attempt.give(bytes(callText('now', '{}')));
    provider.attempt.finish('stop');
    await world.settle();
    expect(whole.json).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] });
    const format = { response_format: { type: 'json_object' }, stream: false };
    const document = await world.ask(format);
    provider.attempt.give(bytes('{"a": 1}'));
    provider.attempt.finish('stop');
    await world.settle();
    expect(document.json).toMatchObject({
      choices: [{ finish_reason: 'stop', message: { content: '{"a": 1}' } }],
    });
    await world.ask(format);
    provider.attempt.give(bytes('{"a": '));
    provider.attempt.finish('stop');
    expect(socket.closed?.reason).toBe('finish_invalid');
  });
});
