import { describe, expect, it } from 'vitest';
import { type DecodeSpec, plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import { createRelayWorld, letters } from './support/relay-world.ts';
import { BAD_BODIES } from './support/bad-requests/bodies.ts';
import { BAD_FORMATS } from './support/bad-requests/formats.ts';
import { BAD_MESSAGES, messages } from './support/bad-requests/messages.ts';
import { BAD_SAMPLING } from './support/bad-requests/sampling.ts';
import { BAD_TOOLS, tool } from './support/bad-requests/tools.ts';
import { bytes } from './support/byte-model.ts';

const BAD_REQUESTS = [BAD_BODIES, BAD_MESSAGES, BAD_SAMPLING, BAD_FORMATS, BAD_TOOLS].flat();

describe('A1 a bad request', () => {
  it('is refused by name, and the job that runs goes on', async () => {
    const world = createRelayWorld();
    const { provider } = world.join({ slots: 4 });
    const running = await world.ask();
    for (const [name, given, status, code, param] of BAD_REQUESTS) {
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
    expect(await ask('GET', '/v1/moderations')).toEqual([404, 'unknown_url', undefined]);
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
      top_k: -1,
      min_p: 0,
      repetition_penalty: 1,
      frequency_penalty: 0,
      logit_bias: { 5: 0 },
      logprobs: false,
      top_logprobs: 0,
      response_format: { type: 'text' },
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
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
    await world.ask({
      temperature: 0.25,
      top_p: 0,
      top_k: 40,
      min_p: 0.05,
      frequency_penalty: -2,
      presence_penalty: 1.5,
      logit_bias: { '120': -100, 9: 4.5 },
      logprobs: true,
      top_logprobs: 20,
      seed: -2,
      stop: ['a', 'b'],
      max_completion_tokens: 9,
    });
    expect(provider.attempt.assignment).toMatchObject({
      spec: {
        version: 2,
        temperature: 0.25,
        topP: 1e-6,
        topK: 40,
        minP: 0.05,
        frequencyPenalty: -2,
        presencePenalty: 1.5,
        logitBias: [
          [9, 4.5],
          [120, -100],
        ],
      },
      topLogprobs: 20,
      seed: '0xfffffffffffffffe',
      choice: 0,
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

describe('A8 what an answer is held to', () => {
  const specOf = async (body: object): Promise<DecodeSpec | undefined> => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask({ ...body });
    return provider.attempt.assignment.spec;
  };
  const tagOf = async (body: object): Promise<{ type: string; tags: { begin: string }[] } & object> => {
    const { constraint } = (await specOf(body)) ?? {};
    return JSON.parse(constraint?.kind === 'structural_tag' ? constraint.tag : '{}').format;
  };
  const string = { type: 'string' };
  const SCHEMA = {
    type: 'object',
    properties: { z: string, a: string },
    required: ['z', 'a'],
    additionalProperties: false,
  };
  const format = { type: 'json_schema', json_schema: { name: 'a', strict: true, schema: SCHEMA } };

  it('is any JSON object, or a schema whose keys stay in their order', async () => {
    expect((await specOf({ response_format: { type: 'json_object' } }))?.constraint).toEqual({
      kind: 'json_object',
    });
    expect((await specOf({ response_format: format }))?.constraint).toEqual({
      kind: 'json_schema',
      schema: JSON.stringify(SCHEMA),
    });
  });

  it('is the form of calls, as far as the choice of tools goes', async () => {
    const tools = [tool('f'), tool('g')];
    expect(await tagOf({ tools })).toMatchObject({ type: 'triggered_tags', stop_after_first: false });
    expect(await tagOf({ tools, parallel_tool_calls: false })).toMatchObject({ stop_after_first: true });
    const required = await tagOf({ tools, tool_choice: 'required' });
    expect(required).toMatchObject({ type: 'tags_with_separator', at_least_one: true });
    expect(required.tags).toHaveLength(2);
    const named = await tagOf({ tools, tool_choice: { type: 'function', function: { name: 'g' } } });
    expect(named).toMatchObject({ stop_after_first: true });
    expect(named.tags.map(({ begin }) => begin)).toEqual([expect.stringContaining('"g"')]);
    expect(await tagOf({ tools, response_format: format })).toMatchObject({ type: 'or' });
  });

  it('is nothing where no tool may be called, and the model hears of none then', async () => {
    const world = createRelayWorld();
    const { provider } = world.join();
    await world.ask({ tools: [tool('f')], tool_choice: 'none' });
    expect(provider.attempt.assignment.spec).toEqual(plainSpec(1));
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
