import { describe, expect, it } from 'vitest';
import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import { createRelayWorld, letters } from './support/relay-world.ts';
import { bytes } from './support/byte-model.ts';

const messages = [{ role: 'user', content: 'Speak.' }];

/** [what is wrong, the body, status, code, param] */
const bad: [string, unknown, number, string, string | null][] = [
  ['malformed JSON', '{"model":', 400, 'malformed_json', null],
  ['no object', '[]', 400, 'invalid_type', 'body'],
  ['an empty body', '', 400, 'malformed_json', null],
  ['no model', { messages }, 400, 'missing_required_parameter', 'model'],
  ['a model that is no string', { model: 4, messages }, 400, 'invalid_type', 'model'],
  ['an unknown model', { model: 'gpt-4o', messages }, 404, 'model_not_found', 'model'],
  ['no messages', {}, 400, 'missing_required_parameter', 'messages'],
  ['messages that are no list', { messages: 'Speak.' }, 400, 'invalid_type', 'messages'],
  ['no message at all', { messages: [] }, 400, 'empty_array', 'messages'],
  ['a message that is no object', { messages: ['Speak.'] }, 400, 'invalid_type', 'messages[0]'],
  [
    'a message without a role',
    { messages: [{ content: 'x' }] },
    400,
    'missing_required_parameter',
    'messages[0].role',
  ],
  ['a wrong role', { messages: [{ role: 'king', content: 'x' }] }, 400, 'invalid_value', 'messages[0].role'],
  [
    'an inherited role',
    { messages: [{ role: 'toString', content: 'x' }] },
    400,
    'invalid_value',
    'messages[0].role',
  ],
  [
    'a tool’s message',
    { messages: [...messages, { role: 'tool', content: 'x' }] },
    400,
    'unsupported_value',
    'messages[1].role',
  ],
  [
    'a message without content',
    { messages: [{ role: 'user' }] },
    400,
    'missing_required_parameter',
    'messages[0].content',
  ],
  [
    'content of a wrong type',
    { messages: [{ role: 'user', content: 7 }] },
    400,
    'invalid_type',
    'messages[0].content',
  ],
  [
    'an empty list of parts',
    { messages: [{ role: 'user', content: [] }] },
    400,
    'empty_array',
    'messages[0].content',
  ],
  [
    'an image',
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    400,
    'unsupported_value',
    'messages[0].content[0].type',
  ],
  [
    'a named message',
    { messages: [{ role: 'user', content: 'x', name: 'Bob' }] },
    400,
    'unsupported_parameter',
    'messages[0].name',
  ],
  ['max_tokens 0', { max_tokens: 0 }, 400, 'integer_below_min_value', 'max_tokens'],
  ['max_tokens -1', { max_tokens: -1 }, 400, 'integer_below_min_value', 'max_tokens'],
  ['a huge max_tokens', { max_tokens: 1e9 }, 400, 'integer_above_max_value', 'max_tokens'],
  ['max_tokens over the context', { max_tokens: 257 }, 400, 'integer_above_max_value', 'max_tokens'],
  ['max_tokens "5"', { max_tokens: '5' }, 400, 'invalid_type', 'max_tokens'],
  ['max_tokens 1.5', { max_tokens: 1.5 }, 400, 'invalid_type', 'max_tokens'],
  [
    'max_completion_tokens 0',
    { max_completion_tokens: 0 },
    400,
    'integer_below_min_value',
    'max_completion_tokens',
  ],
  [
    'both names of one limit',
    { max_tokens: 1, max_completion_tokens: 2 },
    400,
    'invalid_value',
    'max_tokens',
  ],
  ['temperature 3', { temperature: 3 }, 400, 'decimal_above_max_value', 'temperature'],
  ['temperature -1', { temperature: -1 }, 400, 'decimal_below_min_value', 'temperature'],
  ['temperature "hot"', { temperature: 'hot' }, 400, 'invalid_type', 'temperature'],
  ['a seed with a fraction', { seed: 1.5 }, 400, 'invalid_type', 'seed'],
  ['a seed beyond 53 bits', { seed: 2 ** 60 }, 400, 'invalid_type', 'seed'],
  ['n 2', { n: 2 }, 400, 'unsupported_value', 'n'],
  ['n 0', { n: 0 }, 400, 'integer_below_min_value', 'n'],
  ['five stop strings', { stop: ['a', 'b', 'c', 'd', 'e'] }, 400, 'array_above_max_length', 'stop'],
  ['an empty stop string', { stop: '' }, 400, 'invalid_value', 'stop'],
  ['a stop number', { stop: 5 }, 400, 'invalid_type', 'stop'],
  ['a stop list of numbers', { stop: [5] }, 400, 'invalid_type', 'stop[0]'],
  ['an endless stop string', { stop: 'x'.repeat(300) }, 400, 'string_above_max_length', 'stop'],
  ['stream "yes"', { stream: 'yes' }, 400, 'invalid_type', 'stream'],
  [
    'stream_options without a stream',
    { stream: false, stream_options: { include_usage: true } },
    400,
    'invalid_value',
    'stream_options',
  ],
  [
    'an unknown stream option',
    { stream_options: { speed: 2 } },
    400,
    'unsupported_parameter',
    'stream_options.speed',
  ],
  ['top_p', { top_p: 0.5 }, 400, 'unsupported_parameter', 'top_p'],
  ['a penalty', { presence_penalty: 1 }, 400, 'unsupported_parameter', 'presence_penalty'],
  ['log-probabilities', { logprobs: true }, 400, 'unsupported_parameter', 'logprobs'],
  [
    'a JSON format',
    { response_format: { type: 'json_object' } },
    400,
    'unsupported_parameter',
    'response_format',
  ],
  ['tools', { tools: [{ type: 'function' }] }, 400, 'unsupported_parameter', 'tools'],
  ['store true', { store: true }, 400, 'unsupported_parameter', 'store'],
  ['an unknown field', { flavour: 'salt' }, 400, 'unsupported_parameter', 'flavour'],
  [
    'a prompt over the context',
    { messages: [{ role: 'user', content: 'x'.repeat(300) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
  [
    'a prompt of the whole context',
    { messages: [{ role: 'user', content: 'x'.repeat(253) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
  [
    'a prompt that is not worth reading',
    { messages: [{ role: 'user', content: 'x'.repeat(70_000) }] },
    400,
    'context_length_exceeded',
    'messages',
  ],
];

describe('A1 a bad request', () => {
  it('is refused by name, and the job that runs goes on', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 4 });
    const running = await world.ask();
    for (const [name, given, status, code, param] of bad) {
      const isObject = typeof given === 'object' && !Array.isArray(given);
      const defaults =
        name === 'no model'
          ? {}
          : name === 'no messages'
            ? { model: 'bytes' }
            : { model: 'bytes', messages, stream: true };
      const body = isObject ? JSON.stringify({ ...defaults, ...given }) : (given as string);
      const agent = world.request({ method: 'POST', path: '/v1/chat/completions', body });
      await world.settle();
      expect(agent.json, name).toMatchObject({ error: { code, param, type: 'invalid_request_error' } });
      expect(agent.status, name).toBe(status);
      expect(agent.headers['x-should-retry'], name).toBe('false');
      expect(agent.json.error?.message.length, name).toBeGreaterThan(20);
    }
    expect(provider.attempts).toHaveLength(1);
    provider.attempt.give(bytes('fine'));
    expect(running.content).toBe('fine');
  });

  it('on a wrong route or by a wrong method has its code', async () => {
    const world = createRelayWorld();
    const ask = async (method: string, path: string) => {
      const agent = world.request({ method, path });
      await world.settle();
      return [agent.status, agent.errorCode, agent.headers['allow']];
    };
    expect(await ask('GET', '/v1/chat/completions')).toEqual([405, 'method_not_allowed', 'POST']);
    expect(await ask('DELETE', '/v1/models')).toEqual([405, 'method_not_allowed', 'GET']);
    expect(await ask('GET', '/v1/embeddings')).toEqual([404, 'unknown_url', undefined]);
    expect(await ask('POST', '/v1/chat/completions/')).toEqual([404, 'unknown_url', undefined]);
    expect(await ask('constructor', '/v1/models')).toEqual([405, 'method_not_allowed', 'GET']);
  });
});

describe('A1 fields that change nothing', () => {
  it('are ignored, and null is the same as absent', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    const neutral = {
      user: 'u',
      metadata: { a: 1 },
      store: false,
      top_p: 1,
      frequency_penalty: 0,
      logit_bias: {},
      logprobs: false,
      response_format: { type: 'text' },
      tools: [],
      tool_choice: 'auto',
      service_tier: 'auto',
      n: 1,
      stop: null,
      seed: null,
      max_tokens: null,
      stream_options: null,
      reasoning_effort: null,
    };
    const again = { role: 'assistant', content: 'Ay.', refusal: null, annotations: [] };
    const parts = [
      { type: 'text', text: 'One' },
      { type: 'text', text: 'two' },
    ];
    const talk = [{ role: 'developer', content: 'Be.' }, again, { role: 'user', content: parts }];
    const agent = await world.ask({ ...neutral, messages: talk });
    expect(agent.status).toBe(200);
    const { assignment } = provider.attempt;
    expect(assignment.prompt).toEqual(bytes('s:Be.\na:Ay.\nu:One\ntwo\n'));
    expect(assignment).toMatchObject({
      stop: [],
      spec: plainSpec(1),
      maxTokens: 256 - assignment.prompt.length,
    });
  });

  it('stand beside those that are honoured', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask({ temperature: 0.25, seed: -2, stop: ['a', 'b'], max_completion_tokens: 9 });
    expect(provider.attempt.assignment).toMatchObject({
      spec: plainSpec(0.25),
      seed: '0xfffffffffffffffe',
      stop: ['a', 'b'],
      maxTokens: 9,
      credit: 9,
    });
  });

  it('get a fresh seed where none was asked for', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 2 });
    await world.ask();
    await world.ask();
    const [a, b] = provider.attempts.map(({ assignment }) => assignment.seed);
    expect(a).not.toBe(b);
    expect(provider.attempts[0]?.assignment.nonce).not.toBe(provider.attempts[1]?.assignment.nonce);
  });
});

describe('a frame of the relay', () => {
  it('never passes the cap, however much of the answer a move brings along', async () => {
    const { BYTE_MODEL } = await import('./support/byte-model.ts');
    const world = createRelayWorld({ models: [{ ...BYTE_MODEL, context: 100_000 }] });
    const { provider, socket } = world.join();
    const agent = await world.ask({
      messages: [{ role: 'user', content: 'x'.repeat(3_000) }],
      stop: ['\u0001'.repeat(256)],
    });
    expect(agent.status).toBe(200);
    const { maxTokens } = provider.attempt.assignment;
    provider.attempt.give(letters(4_096));
    for (let left = maxTokens - 4_096 - 1; left > 0; left -= 4_096)
      provider.attempt.give(letters(Math.min(left, 4_096)));
    let largest = 0;
    const next = world.dial();
    const send = next.socket.send.bind(next.socket);
    next.socket.send = (frame) => {
      largest = Math.max(largest, frame.length);
      send(frame);
    };
    next.provider.hello();
    socket.drop();
    expect(next.provider.attempt.assignment.maxTokens).toBe(1);
    expect(largest).toBeGreaterThan(50_000);
    expect(largest).toBeLessThanOrEqual(64 * 1024);
  }, 20_000);
});
