import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createPayingAgent } from '../../scripts/network/paying-agent.ts';
import { startProxyServer } from '../../src/cli/proxy-server.ts';
import type { Client } from '../../src/sdk/index.ts';

const model = 'shakespeare-1m-fp32';
const messages = [{ role: 'user' as const, content: 'What news from Rome?' }];

/** Every answer of it ends by itself. */
const NEWS = {
  type: 'object',
  properties: {
    place: { type: 'string', enum: ['Rome', 'Egypt', 'Illyria'] },
    dead: { type: 'integer', minimum: 0, maximum: 99 },
    sad: { type: 'boolean' },
  },
  required: ['place', 'dead', 'sad'],
  additionalProperties: false,
};

describe('what an OpenAI client expects, paid for, from a tab on wasm', () => {
  let network: LocalNetwork;
  let agent: Client;
  let openai: OpenAI;

  beforeAll(async () => {
    network = await LocalNetwork.start({ model, backend: 'wasm', slots: 4, paid: true });
    await network.addTab();
    agent = await createPayingAgent(network);
    openai = new OpenAI({ baseURL: network.api, apiKey: 'none', maxRetries: 0, fetch: agent.fetch });
  }, 120_000);
  afterAll(() => network.close());

  it('A7, A10: two choices with penalties, log-probabilities and a stop string', async () => {
    const stream = openai.chat.completions.stream({
      model,
      messages,
      n: 2,
      seed: 7,
      max_tokens: 80,
      temperature: 0.9,
      top_p: 0.95,
      frequency_penalty: 0.8,
      presence_penalty: 0.4,
      logit_bias: { '5': -100 },
      stop: [',', '\n\n'],
      logprobs: true,
      top_logprobs: 5,
      stream_options: { include_usage: true },
    });
    const answer = await stream.finalChatCompletion();
    expect(answer.choices.map(({ index }) => index)).toEqual([0, 1]);
    const [first, second] = answer.choices.map(({ message }) => message.content ?? '');
    expect(first).not.toBe(second);
    for (const { finish_reason: reason, logprobs, message } of answer.choices) {
      const text = message.content ?? '';
      expect(text).not.toMatch(/,|\n\n/);
      expect(['stop', 'length']).toContain(reason);
      const tokens = logprobs?.content ?? [];
      const bytes = Uint8Array.from(tokens.flatMap((token) => token.bytes ?? []));
      // The last token may reach into the stop string.
      expect(new TextDecoder().decode(bytes).startsWith(text)).toBe(true);
      for (const { logprob, top_logprobs: top } of tokens) {
        expect(logprob).toBeLessThanOrEqual(0);
        expect(top.map((token) => token.logprob)).toEqual(
          top.map((token) => token.logprob).toSorted((a, b) => b - a),
        );
        expect(top).toHaveLength(5);
      }
    }
    await agent.idle();
    const receipts = agent.receipts.slice(-2);
    expect(receipts.map(({ problems }) => problems)).toEqual([[], []]);
    expect(receipts.map(({ receipt }) => receipt.choice).toSorted((a, b) => a - b)).toEqual([0, 1]);
    const tokens = receipts.reduce((sum, { receipt }) => sum + receipt.outputTokens, 0);
    expect(answer.usage?.completion_tokens).toBe(tokens);
  });

  it('A8: a document of a schema, in the order of its keys', async () => {
    const answer = await openai.chat.completions.create({
      model,
      messages,
      max_tokens: 120,
      response_format: { type: 'json_schema', json_schema: { name: 'news', strict: true, schema: NEWS } },
    });
    const [choice] = answer.choices;
    expect(choice?.finish_reason).toBe('stop');
    const news = JSON.parse(choice?.message.content ?? '') as { place: string; dead: number; sad: boolean };
    expect(Object.keys(news)).toEqual(['place', 'dead', 'sad']);
    expect(NEWS.properties.place.enum).toContain(news.place);
    expect(news.dead).toBeLessThanOrEqual(99);
    expect(typeof news.sad).toBe('boolean');
  });

  it('A9: a tool call, and an answer to its result', async () => {
    const tools = [
      {
        type: 'function' as const,
        function: { name: 'tell', description: 'Tells the news.', parameters: NEWS, strict: true },
      },
    ];
    const stream = openai.chat.completions.stream({
      model,
      messages,
      tools,
      tool_choice: 'required',
      parallel_tool_calls: false,
      max_tokens: 200,
    });
    const [choice] = (await stream.finalChatCompletion()).choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    const [call] = choice?.message.tool_calls ?? [];
    if (call?.type !== 'function') throw new Error('There is no call.');
    expect(call.function.name).toBe('tell');
    const news = JSON.parse(call.function.arguments) as { place: string };
    expect(NEWS.properties.place.enum).toContain(news.place);
    const after = await openai.chat.completions.create({
      model,
      messages: [
        ...messages,
        { role: 'assistant', content: null, tool_calls: [call] },
        { role: 'tool', tool_call_id: call.id, content: 'All Rome has heard it.' },
      ],
      tools,
      tool_choice: 'none',
      max_tokens: 20,
    });
    expect(after.choices[0]?.message.tool_calls).toBeUndefined();
    expect(after.choices[0]?.message.content?.length).toBeGreaterThan(0);
  });

  it('A7, A9: through the proxy, by base URL alone', async () => {
    const proxy = await startProxyServer({ client: agent, relay: network.server.url, port: 0 });
    try {
      const plain = new OpenAI({ baseURL: proxy.url, apiKey: 'none', maxRetries: 0 });
      const tools = [{ type: 'function' as const, function: { name: 'tell', parameters: NEWS } }];
      const order = { model, messages, tools, tool_choice: 'required', max_tokens: 200, n: 2 } as const;
      const { choices } = await plain.chat.completions.create({ ...order, parallel_tool_calls: false });
      expect(choices.map(({ finish_reason: reason }) => reason)).toEqual(['tool_calls', 'tool_calls']);
      const ids = choices.flatMap(({ message }) => message.tool_calls?.map(({ id }) => id) ?? []);
      expect(new Set(ids).size).toBe(2);
    } finally {
      await proxy.close();
    }
  });

  it('P5: is told in the list of models', async () => {
    const listed = (await openai.models.retrieve(model)) as OpenAI.Model & { features: string[] };
    expect(listed.features).toEqual(expect.arrayContaining(['logprobs', 'top_k', 'json_schema', 'tools']));
    await agent.idle();
    expect(agent.receipts.flatMap(({ problems }) => problems)).toEqual([]);
  });
});
