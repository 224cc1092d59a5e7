import { describe, expect, it } from 'vitest';
import { chat, createAgent, textOf } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, UNIT } from './support/scripted-terms.ts';

const PROMPT = 'Hello.';

describe('a paid stream', () => {
  it('opens a channel without gas, pays ahead, and is charged what it counted (M3, M5)', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'a'.repeat(200);
    const agent = createAgent(relay);
    const response = await chat(agent, PROMPT);
    const text = await response.text();
    expect(textOf(text)).toBe(relay.answer);
    await agent.client.idle();
    expect(agent.problems()).toEqual([]);
    const cost = costOf(6, 200);
    expect(relay.channel).toMatchObject({ deposit: 1_000_000n, spent: cost });
    expect(agent.client.channel).toMatchObject({ phase: 'open', spent: cost, live: 0 });
    expect(agent.client.receipts).toMatchObject([{ problems: [], cost, charged: cost }]);
    expect(relay.channel.accepted * UNIT).toBeLessThanOrEqual(cost + 64n * 100_000n + UNIT);
  });

  it('is never stalled by its vouchers', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'a'.repeat(200);
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 2));
    const agent = createAgent(relay);
    await (await chat(agent, PROMPT)).text();
    expect(relay.needs).toBe(0);
    expect(agent.events.filter(({ type }) => type === 'voucher').length).toBeGreaterThan(3);
  });
});
