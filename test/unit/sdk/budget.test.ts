import { describe, expect, it } from 'vitest';
import { chat, createAgent, textOf } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, TERMS, UNIT } from './support/scripted-terms.ts';

const PROMPT = 'Hello.';

function longRelay(): ScriptedRelay {
  const relay = new ScriptedRelay();
  relay.answer = 'a'.repeat(250);
  relay.terms = { ...TERMS, minDeposit: '10' };
  return relay;
}

/** Whole coins that pay for so many tokens. */
function budgetFor(tokens: number): string {
  const units = (costOf(6, tokens) + UNIT - 1n) / UNIT;
  return `0.${units.toString().padStart(6, '0')}`;
}

describe('a budget', () => {
  it('that does not pay for all of an answer ends it by length, with a receipt that verifies', async () => {
    const relay = longRelay();
    const agent = createAgent(relay, { budget: budgetFor(100) });
    const text = await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    expect(text).toContain('"finish_reason":"length"');
    expect(textOf(text).length).toBeGreaterThanOrEqual(100);
    expect(relay.channel.accepted).toBeLessThanOrEqual((costOf(6, 100) + UNIT - 1n) / UNIT);
    expect(agent.client.receipts).toMatchObject([{ problems: [] }]);
    expect(agent.problems()).toEqual([]);
    expect(relay.needs).toBe(0);
    const { error } = (await (await chat(agent, PROMPT)).json()) as { error: { code: string } };
    expect(error.code).toBe('budget_exhausted');
  });

  it('that another stream drank up gets no further vouchers, and the relay ends the stream by length', async () => {
    const relay = longRelay();
    relay.giveUp = true;
    const agent = createAgent(relay, { budget: budgetFor(300) });
    const answers = await Promise.all([chat(agent, PROMPT), chat(agent, PROMPT)]);
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    await agent.client.idle();
    expect(texts.every((text) => text.includes('[DONE]'))).toBe(true);
    expect(texts.some((text) => text.includes('"finish_reason":"length"'))).toBe(true);
    expect(relay.channel.accepted).toBeLessThanOrEqual((costOf(6, 300) + UNIT - 1n) / UNIT);
    expect(agent.client.receipts.map(({ problems }) => problems)).toEqual([[], []]);
    expect(agent.problems()).toContain('budget_exhausted');
  });

  it('that is too small for the relay’s least deposit says so', async () => {
    const relay = longRelay();
    const agent = createAgent(relay, { budget: '0.000009' });
    const response = await chat(agent, PROMPT);
    expect(response.status).toBe(402);
    expect(await response.json()).toMatchObject({ error: { code: 'budget_too_small' } });
    expect(relay.paid).toEqual([]);
  });

  it('tops a small deposit up as far as it goes', async () => {
    const relay = longRelay();
    const agent = createAgent(relay, { budget: '0.000100', deposit: '0.000030' });
    for (let job = 0; job < 3; job++)
      expect(textOf(await (await chat(agent, PROMPT)).text())).toBe(relay.answer);
    expect(relay.channel.deposit).toBeGreaterThan(75n);
    expect((await chat(agent, PROMPT)).status).toBe(200);
    expect(relay.channel.deposit).toBe(100n);
    expect(agent.events.filter(({ type }) => type === 'toppedUp').length).toBeGreaterThan(1);
    expect(agent.problems()).toEqual([]);
  });

  it('is never passed by the prompt alone', async () => {
    const relay = longRelay();
    const agent = createAgent(relay, { budget: '0.000010' });
    const response = await chat(agent, 'x'.repeat(600));
    expect(await response.json()).toMatchObject({ error: { code: 'budget_exhausted' } });
    expect(relay.channel.accepted).toBe(0n);
  });
});
