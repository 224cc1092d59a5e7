import { describe, expect, it } from 'vitest';
import { chat, createAgent, textOf } from './support/agent.ts';
import type { Mischief } from './support/mischief.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, UNIT } from './support/scripted-terms.ts';

const PROMPT = 'Hello.';

/** Loses one request of a kind, or its answer, and then behaves. */
function loseOnce(kind: string, moment: 'before' | 'after'): NonNullable<Mischief['wire']> {
  let isLost = false;
  return (what, when) => {
    if (isLost || what !== kind || when !== moment) return;
    isLost = true;
    throw new TypeError('The network failed.');
  };
}

describe('a process that starts again', () => {
  it('goes on with its channel, and never signs lower', async () => {
    const relay = new ScriptedRelay();
    const first = createAgent(relay);
    await (await chat(first, PROMPT)).text();
    await first.client.idle();
    const second = createAgent(relay, { state: first.state() ?? '' });
    await (await chat(second, PROMPT)).text();
    await second.client.idle();
    expect(relay.channels.size).toBe(1);
    expect(second.client.channel?.spent).toBe(2n * costOf(6, 100));
    expect(second.problems()).toEqual([]);
    const amounts = relay.paid.map(({ cumulative }) => cumulative);
    expect(amounts).toEqual([...amounts].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  });

  it('in mid-stream counts what ran as spent up to what it had paid, until the relay says less', async () => {
    const relay = new ScriptedRelay();
    relay.answer = 'a'.repeat(250);
    const first = createAgent(relay);
    const response = await chat(first, PROMPT);
    const reader = response.body?.getReader();
    for (let read = 0; read < 20; read++) await reader?.read();
    const state = first.client.exportState() ?? '';
    expect(JSON.parse(state)).toMatchObject({ unclear: [{ id: relay.jobs[0]?.id }] });
    await reader?.cancel();
    await first.client.idle();
    const second = createAgent(relay, { state });
    await second.client.open();
    expect(second.client.channel?.spent).toBe(relay.channel.spent);
    expect(second.problems()).toEqual([]);
  });

  it('with an old state believes a higher voucher only by its own signature', async () => {
    const relay = new ScriptedRelay();
    const first = createAgent(relay);
    await first.client.open();
    const old = first.state() ?? '';
    await (await chat(first, PROMPT)).text();
    await first.client.idle();
    const second = createAgent(relay, { state: old });
    await second.client.open();
    expect(second.client.channel).toMatchObject({
      signed: relay.channel.accepted,
      spent: relay.channel.spent,
    });
    relay.channel.accepted += 1n;
    const third = createAgent(relay, { state: old });
    await expect(third.client.open()).rejects.toMatchObject({ code: 'state_outdated' });
  });

  it('refuses the state of another wallet, and what is no state', async () => {
    const relay = new ScriptedRelay();
    const first = createAgent(relay);
    await first.client.open();
    const other = createAgent(relay, { state: first.state() ?? '', wallet: `0x${'43'.repeat(32)}` });
    await expect(other.client.open()).rejects.toMatchObject({ code: 'state_foreign' });
    const broken = createAgent(relay, { state: '{}' });
    await expect(broken.client.open()).rejects.toMatchObject({ code: 'state_malformed' });
  });
});

describe('a relay that forgot', () => {
  it('an open channel gets it opened again, under the same nonce', async () => {
    const relay = new ScriptedRelay();
    const first = createAgent(relay);
    await (await chat(first, PROMPT)).text();
    await first.client.idle();
    const { channelId } = first.client.channel ?? {};
    relay.channels.clear();
    const second = createAgent(relay, { state: first.state() ?? '' });
    expect(textOf(await (await chat(second, PROMPT)).text())).toBe(relay.answer);
    expect([...relay.channels.keys()]).toEqual([channelId]);
    expect(second.problems()).toEqual([]);
  });
});

describe('an answer that is lost on its way', () => {
  it.each(['before', 'after'] as const)('to an opening (%s it was done) leaves one channel', async (when) => {
    const relay = new ScriptedRelay();
    relay.mischief.wire = loseOnce('open', when);
    const agent = createAgent(relay);
    const response = await chat(agent, PROMPT);
    if (when === 'before') {
      // Nothing reached the relay: the caller is told, and its next try opens the same channel.
      expect(await response.json()).toMatchObject({ error: { code: 'open_failed' } });
      expect((await chat(agent, PROMPT)).status).toBe(200);
    } else {
      expect(textOf(await response.text())).toBe(relay.answer);
    }
    expect(relay.channels.size).toBe(1);
  });

  it.each(['before', 'after'] as const)('to a start (%s it was done) starts one job', async (when) => {
    const relay = new ScriptedRelay();
    relay.mischief.wire = loseOnce('start', when);
    const agent = createAgent(relay);
    expect(textOf(await (await chat(agent, PROMPT)).text())).toBe(relay.answer);
    await agent.client.idle();
    expect(relay.jobs).toHaveLength(1);
    expect(agent.problems()).toEqual([]);
  });

  it.each(['before', 'after'] as const)(
    'to a voucher (%s it was done) does not stop the stream',
    async (when) => {
      const relay = new ScriptedRelay();
      relay.answer = 'a'.repeat(250);
      relay.mischief.wire = loseOnce('voucher', when);
      const agent = createAgent(relay);
      expect(textOf(await (await chat(agent, PROMPT)).text())).toBe(relay.answer);
      await agent.client.idle();
      expect(agent.problems()).toEqual([]);
      expect(relay.channel.accepted).toBe(agent.client.channel?.signed);
    },
  );

  it.each(['before', 'after'] as const)(
    'to a close (%s it was done) can be asked for again',
    async (when) => {
      const relay = new ScriptedRelay();
      const agent = createAgent(relay);
      await (await chat(agent, PROMPT)).text();
      relay.mischief.wire = loseOnce('close', when);
      const settled = (costOf(6, 100) + UNIT - 1n) / UNIT;
      const closed = { settled, refunded: 1_000_000n - settled };
      if (when === 'before')
        await expect(agent.client.close()).rejects.toMatchObject({ code: 'relay_unreachable' });
      expect(await agent.client.close()).toMatchObject(closed);
      expect(relay.channel).toMatchObject({ state: 'closed', settled });
    },
  );
});
