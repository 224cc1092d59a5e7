import { describe, expect, it } from 'vitest';
import { chat, createAgent, type TestAgent, textOf } from './support/agent.ts';
import type { Mischief } from './support/mischief.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';
import { costOf, PRICE, TERMS, UNIT } from './support/scripted-terms.ts';

const PROMPT = 'Hello.';

function cheat(mischief: Mischief, length = 200): { relay: ScriptedRelay; agent: TestAgent } {
  const relay = new ScriptedRelay();
  relay.answer = 'a'.repeat(length);
  relay.mischief = mischief;
  return { relay, agent: createAgent(relay) };
}

async function refusal(response: Response): Promise<unknown> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, response.headers.get('x-should-retry'), error.code];
}

describe('a relay that cheats', () => {
  it('gets no voucher beyond a prompt and two chunks by asking for more', async () => {
    const { agent, relay } = cheat({ askMore: 1000n });
    const text = await (await chat(agent, PROMPT)).text();
    expect(text).toContain('"code":"relay_overcharges"');
    expect(text).not.toContain('[DONE]');
    await agent.client.idle();
    const delivered = relay.jobs[0]?.tokens ?? 0;
    expect(relay.channel.accepted * UNIT).toBeLessThan(costOf(6, delivered + 64) + UNIT);
    expect(relay.channel.spent).toBeLessThanOrEqual(costOf(6, delivered));
  });

  it('is refused a first voucher that nothing justifies', async () => {
    const { agent, relay } = cheat({ firstMore: 50n });
    expect(await refusal(await chat(agent, PROMPT))).toEqual([402, 'false', 'relay_overcharges']);
    expect(relay.paid.every(({ cumulative }) => cumulative <= 7n)).toBe(true);
    expect(relay.jobs).toEqual([]);
  });

  it.each([
    ['a price above the published one', { priceMore: 1n }, 'price_changed'],
    ['more prompt tokens than the request has bytes', { promptMore: 5000 }, 'prompt_overcounted'],
  ])('is refused %s', async (_name, mischief, code) => {
    const { agent, relay } = cheat(mischief);
    expect(await refusal(await chat(agent, PROMPT))).toEqual([402, 'false', code]);
    expect(relay.channel.accepted).toBe(0n);
  });

  it('is found out where it counts prompt tokens that it does not send', async () => {
    const { agent } = cheat({ promptMore: 10 });
    await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    expect(agent.problems()).toContain('prompt_count');
    expect(agent.client.channel?.spent).toBe(costOf(6, 200));
  });

  it('is told when it charges for tokens that did not arrive, and is never paid for them', async () => {
    const extra = PRICE.out * 40n;
    const { agent, relay } = cheat({ overcharge: extra });
    await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    expect(agent.problems()).toContain('overcharged');
    expect(agent.client.receipts[0]).toMatchObject({ problems: ['overcharged'], cost: costOf(6, 200) });
    expect(agent.client.channel?.spent).toBe(costOf(6, 200));
    relay.mischief.overcharge = 0n;
    // From then on it asks for more than was counted: the agent goes, and has lost what it had paid ahead.
    expect(await refusal(await chat(agent, PROMPT))).toEqual([402, 'false', 'relay_overcharges']);
    expect(relay.channel.accepted * UNIT).toBeLessThan(costOf(6, 200) + costOf(6, 64) + UNIT);
  });

  it('is told when a chunk is not signed by who delivered it', async () => {
    const { agent } = cheat({ forge: true }, 70);
    await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    expect(agent.client.receipts[0]?.problems).toContain('chunk_signature');
  });

  it('gives its receipt in another way where the stream has none', async () => {
    const { agent } = cheat({ silent: true });
    await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    expect(agent.client.receipts).toMatchObject([{ problems: [], cost: costOf(6, 200), charged: undefined }]);
  });

  it('can not lead a deposit to a contract of its own', async () => {
    const relay = new ScriptedRelay();
    const { chainId, token } = TERMS;
    const agent = createAgent(relay, { contracts: { chainId, token, escrow: `0x${'e'.repeat(40)}` } });
    expect(await refusal(await chat(agent, PROMPT))).toEqual([402, 'false', 'contracts_untrusted']);
    // As it is given to trust it, where one does.
    await expect(agent.client.terms()).rejects.toMatchObject({
      message: expect.stringContaining(`${chainId}:${TERMS.escrow}:${token}`),
    });
    expect(relay.paid).toEqual([]);
  });

  it('is refused above the highest price that the caller allows', async () => {
    const relay = new ScriptedRelay();
    const agent = createAgent(relay, { maxPrice: { out: '0.099999', prompt: '1' } });
    expect(await refusal(await chat(agent, PROMPT))).toEqual([402, 'false', 'price_too_high']);
    const fair = createAgent(relay, { maxPrice: { out: '0.10', prompt: '0.02' } });
    expect(textOf(await (await chat(fair, PROMPT)).text())).toBe(relay.answer);
  });

  it('is caught where it says at the next start that more was spent (own count is the bound)', async () => {
    const { agent, relay } = cheat({});
    await (await chat(agent, PROMPT)).text();
    await agent.client.idle();
    relay.channel.spent += 10n ** 9n;
    const again = createAgent(relay, { state: agent.state() ?? '' });
    await again.client.open();
    expect(again.problems()).toEqual(['overcharged']);
    expect(again.client.channel?.spent).toBe(costOf(6, 200));
  });
});
