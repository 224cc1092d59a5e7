import { describe, expect, it } from 'vitest';
import { chat, createAgent, textOf } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, UNIT } from './support/scripted-terms.ts';

describe('streams beside each other', () => {
  it('share one channel and one counter: vouchers only ever rise, and each answer is whole', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'b'.repeat(150);
    const agent = createAgent(relay);
    const prompts = Array.from({ length: 12 }, (_, at) => 'p'.repeat(at + 1));
    const answers = await Promise.all(prompts.map((prompt) => chat(agent, prompt)));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    await agent.client.idle();
    expect(texts.map(textOf)).toEqual(prompts.map(() => relay.answer));
    expect(relay.channels.size).toBe(1);
    const amounts = relay.paid.map(({ cumulative }) => cumulative);
    expect(amounts).toEqual([...amounts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
    expect(relay.paid.filter(({ action }) => action === 'open')).toHaveLength(1);
    const cost = prompts.reduce((sum, prompt) => sum + costOf(prompt.length, 150), 0n);
    expect(relay.channel.spent).toBe(cost);
    expect(agent.client.channel?.spent).toBe(cost);
    expect(agent.problems()).toEqual([]);
    expect(relay.channel.accepted * UNIT - cost).toBeLessThan(12n * costOf(12, 64) + UNIT);
  });

  it('use up what earlier ones had paid ahead before more is signed', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'c';
    const agent = createAgent(relay);
    for (let job = 0; job < 40; job++) await (await chat(agent, 'Hi')).text();
    await agent.client.idle();
    const cost = 40n * costOf(2, 1);
    expect(relay.channel.spent).toBe(cost);
    expect(relay.channel.accepted * UNIT).toBeLessThan(cost + costOf(2, 64) + UNIT);
  });

  it('are cancelled one by one, and cost what their receipts say', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'd'.repeat(250);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 1));
    const agent = createAgent(relay);
    const abort = new AbortController();
    const gone = await chat(agent, 'Hello.', {}, abort.signal);
    const reader = gone.body?.getReader();
    for (let read = 0; read < 10; read++) await reader?.read();
    abort.abort();
    await expect(reader?.read().then(() => reader.read())).rejects.toThrow();
    expect(textOf(await (await chat(agent, 'Hello.')).text())).toBe(relay.answer);
    await agent.client.idle();
    expect(relay.jobs[0]?.ended).toBe('cancelled');
    expect(agent.problems()).toEqual([]);
    expect(agent.client.channel).toMatchObject({ spent: relay.channel.spent, live: 0 });
    expect(agent.client.receipts).toHaveLength(2);
  });

  it('that their reader leaves are cancelled at the relay', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'e'.repeat(250);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 1));
    const agent = createAgent(relay);
    const response = await chat(agent, 'Hello.');
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    await agent.client.idle();
    expect(relay.jobs[0]?.isLive).toBe(false);
    expect(agent.client.channel).toMatchObject({ spent: relay.channel.spent, live: 0 });
  });
});
