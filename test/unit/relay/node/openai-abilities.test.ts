import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SILENT_LOG } from '../../../../src/relay/log.ts';
import { readModelFolder } from '../../../../src/relay/node/model-folder.ts';
import { type RelayServer, startRelayServer } from '../../../../src/relay/node/relay-server.ts';
import { callText } from '../../../../src/text/tool-format.ts';
import type { TestAttempt } from '../support/test-attempt.ts';
import { joinRelay, type SocketProvider } from './socket-provider.ts';

const model = 'shakespeare-1m-fp32';
const messages = [{ role: 'user' as const, content: 'What time is it in Rome?' }];

let server: RelayServer;
let client: OpenAI;
let tab: SocketProvider;
let encode: (text: string) => number[];
/** Prompts as the model saw them. */
const prompts: string[] = [];

beforeAll(async () => {
  server = await startRelayServer({ port: 0, free: 'localhost' }, { log: SILENT_LOG });
  const [known] = (await readModelFolder('public/models')).filter(({ id }) => id === model);
  if (!known) throw new Error('The model is missing.');
  const { tokenizer } = known;
  encode = (text) => tokenizer.encode(text);
  tab = await joinRelay(server, 3, [{ id: model, ...known.ref }], 4);
  const hear = tab.provider.hear.bind(tab.provider);
  tab.provider.hear = (message) => {
    if (message.type === 'assign') prompts.push(tokenizer.decode(message.prompt));
    hear(message);
  };
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'sk-nobody', maxRetries: 0 });
});
afterAll(async () => {
  tab.ws.close();
  await server.close(0);
});

/** Answers one request after the other, some ids at a time; by choice where several are asked for. */
function answerWith(...texts: string[]): void {
  let next = 0;
  tab.provider.onAssign = (attempt: TestAttempt) => {
    const ids = [...encode(texts[next++] ?? texts.at(-1) ?? ''), 0];
    for (let at = 0; at < ids.length; at += 3) attempt.give(ids.slice(at, at + 3));
    attempt.finish('stop');
  };
}

describe('the openai package', () => {
  it('A7 streams several choices side by side', async () => {
    answerWith('But, soft! 😀', 'Ay me!');
    const stream = client.chat.completions.stream({ model, messages, n: 2, seed: 4 });
    const { choices } = await stream.finalChatCompletion();
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, 'But, soft! 😀'],
      [1, 'Ay me!'],
    ]);
  });

  it('A10 gets log-probabilities that make up the text, byte by byte', async () => {
    answerWith('Good morrow, 日本!');
    const stream = client.chat.completions.stream({ model, messages, logprobs: true, top_logprobs: 3 });
    const [streamed] = (await stream.finalChatCompletion()).choices;
    const whole = await client.chat.completions.create({ model, messages, logprobs: true, top_logprobs: 3 });
    for (const choice of [streamed, whole.choices[0]]) {
      const tokens = choice?.logprobs?.content ?? [];
      const bytes = tokens.flatMap((token) => token.bytes ?? []);
      expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe('Good morrow, 日本!');
      expect(choice?.message.content).toBe('Good morrow, 日本!');
      expect(tokens.every(({ top_logprobs: top }) => top.length === 3)).toBe(true);
    }
  });

  it('A8 parses an answer of a schema', async () => {
    answerWith('{"zone":"Europe/Rome","hour":12}');
    const Time = z.object({ zone: z.string(), hour: z.number() });
    const answer = await client.chat.completions.parse({
      model,
      messages,
      response_format: zodResponseFormat(Time, 'time'),
    });
    expect(answer.choices[0]?.message.parsed).toEqual({ zone: 'Europe/Rome', hour: 12 });
    expect(tab.provider.attempt.assignment.spec.constraint).toMatchObject({ kind: 'json_schema' });
  });

  it('A9 runs tools and gives their results back', async () => {
    answerWith(callText('clock', '{"zone":"Europe/Rome"}'), 'High noon.');
    prompts.length = 0;
    const asked: unknown[] = [];
    const runner = client.chat.completions.runTools({
      model,
      messages,
      stream: true,
      tools: [
        {
          type: 'function',
          function: {
            name: 'clock',
            description: 'The time in a zone.',
            parse: (text: string) => JSON.parse(text) as { zone: string },
            parameters: {
              type: 'object',
              properties: { zone: { type: 'string' } },
              required: ['zone'],
              additionalProperties: false,
            },
            function: (args: { zone: string }) => {
              asked.push(args);
              return 'noon';
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).toBe('High noon.');
    expect(asked).toEqual([{ zone: 'Europe/Rome' }]);
    const [first, second] = prompts;
    expect(first).toContain('"name":"clock","description":"The time in a zone."');
    expect(second).toContain(callText('clock', '{"zone":"Europe/Rome"}'));
    expect(second).toContain('<tool_response>\nnoon\n</tool_response>');
  });

  it('A9 hears of a call piece by piece, with its own finish reason', async () => {
    answerWith(`${callText('clock', '{"zone":"Europe/Rome"}')}\n${callText('clock', '{"zone":"UTC"}')}`);
    const tools = [{ type: 'function' as const, function: { name: 'clock' } }];
    const stream = client.chat.completions.stream({ model, messages, tools, tool_choice: 'required' });
    const pieces: string[] = [];
    stream.on('tool_calls.function.arguments.delta', ({ arguments_delta: delta }) => pieces.push(delta));
    const [choice] = (await stream.finalChatCompletion()).choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const calls = choice?.message.tool_calls ?? [];
    expect(calls.map((call) => call.type === 'function' && call.function.arguments)).toEqual([
      '{"zone":"Europe/Rome"}',
      '{"zone":"UTC"}',
    ]);
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2);
    expect(pieces.length).toBeGreaterThan(4);
  });
});
