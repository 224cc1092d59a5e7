import { describe, expect, it } from 'vitest';
import { chat, createAgent } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, UNIT } from './support/scripted-terms.ts';

describe('a close', () => {
  it('signs what was spent less what was credited, and ends the client (M9)', async () => {
    const relay = new ScriptedRelay();
    const agent = createAgent(relay);
    await (await chat(agent, 'Hello.')).text();
    relay.channel.credited = 2n * UNIT;
    const settled = (costOf(6, 100) - 2n * UNIT + UNIT - 1n) / UNIT;
    expect(await agent.client.close()).toMatchObject({ settled, refunded: 1_000_000n - settled });
    expect(relay.channel.accepted).toBeGreaterThan(settled);
    expect(agent.events.at(-1)).toMatchObject({ type: 'closed', settled });
    expect(await (await chat(agent, 'Hello.')).json()).toMatchObject({ error: { code: 'client_closed' } });
    expect(JSON.parse(agent.state() ?? '')).toMatchObject({ phase: 'closed' });
    const next = createAgent(relay, { state: agent.state() ?? '' });
    expect((await chat(next, 'Hello.')).status).toBe(200);
    expect(relay.channels.size).toBe(2);
  });

  it('waits for no stream, and says so', async () => {
    const relay = new ScriptedRelay();
    relay.pace = () => new Promise((resolve) => setTimeout(resolve, 5));
    const agent = createAgent(relay);
    const response = await chat(agent, 'Hello.');
    await expect(agent.client.close()).rejects.toMatchObject({ code: 'streams_running' });
    await response.body?.cancel();
    expect(await agent.client.close()).toMatchObject({ settled: (relay.channel.spent + UNIT - 1n) / UNIT });
  });

  it('of nothing is nothing', async () => {
    const relay = new ScriptedRelay();
    const agent = createAgent(relay);
    expect(await agent.client.close()).toBeUndefined();
    expect(relay.paid).toEqual([]);
  });
});
