import OpenAI, { APIError } from 'openai';
import { describe, expect, it, vi } from 'vitest';
import { createAgent, type TestAgent } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { RELAY, TERMS } from './support/scripted-terms.ts';

const order = { model: 'bytes', messages: [{ role: 'user' as const, content: 'Hello.' }] };

function connect(relay: ScriptedRelay, budget = '1.00'): { agent: TestAgent; openai: OpenAI } {
  const agent = createAgent(relay, { budget });
  const openai = new OpenAI({
    baseURL: `${RELAY}/v1`,
    apiKey: 'none',
    fetch: agent.client.fetch,
    maxRetries: 2,
  });
  return { agent, openai };
}

describe('the openai package pays without knowing it', () => {
  it('streams, and sees nothing of payment or ids', async () => {
    const { agent, openai } = connect(new ScriptedRelay());
    const stream = await openai.chat.completions.create({
      ...order,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    const keys = new Set<string>();
    let usage: OpenAI.CompletionUsage | null | undefined;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      for (const key of [...Object.keys(chunk), ...Object.keys(chunk.choices[0] ?? {})]) keys.add(key);
      usage = chunk.usage ?? usage;
    }
    await agent.client.idle();
    expect(text).toBe('x'.repeat(100));
    expect(usage).toEqual({ prompt_tokens: 6, completion_tokens: 100 });
    expect([...keys].filter((key) => key.includes('token_ids') || key.includes('channel'))).toEqual([]);
    expect(agent.client.receipts).toMatchObject([{ problems: [] }]);
  });

  it('gets whole answers, with ids where it asks for them', async () => {
    const { agent, openai } = connect(new ScriptedRelay());
    const plain = await openai.chat.completions.create({ ...order, max_completion_tokens: 5 });
    expect(plain).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'xxxxx' }, finish_reason: 'length' }],
      usage: { completion_tokens: 5 },
    });
    expect(JSON.stringify(plain)).not.toContain('token_ids');
    const asked = await openai.chat.completions.create({ ...order, return_token_ids: true } as typeof order);
    expect(asked).toMatchObject({
      prompt_token_ids: [...new TextEncoder().encode('Hello.')],
      choices: [{ token_ids: Array<number>(100).fill(120) }],
    });
    await agent.client.idle();
    expect(agent.problems()).toEqual([]);
  });

  it('lists models, and gets the relay’s own errors', async () => {
    const { openai } = connect(new ScriptedRelay());
    expect((await openai.models.list()).data).toEqual([{ id: 'bytes' }]);
  });

  it('is told in one try why this client does not pay', async () => {
    const relay = new ScriptedRelay();
    relay.terms = { ...TERMS, minDeposit: '2000000' };
    const { openai } = connect(relay);
    const failure = await openai.chat.completions.create(order).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(APIError);
    expect(failure).toMatchObject({ status: 402, code: 'budget_too_small' });
    expect(relay.asked).toBe(1);
  });

  it('cancels', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'y'.repeat(250);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 1));
    const { agent, openai } = connect(relay);
    const stream = await openai.chat.completions.create({ ...order, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
    await vi.waitFor(() => expect(agent.client.channel?.live).toBe(0));
    expect(relay.jobs[0]).toMatchObject({ isLive: false, ended: 'cancelled' });
  });
});
