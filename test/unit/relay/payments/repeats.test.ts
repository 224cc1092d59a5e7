import { describe, expect, it } from 'vitest';
import type { SimAnswer } from '../../../../src/sim/sim-agent.ts';
import { chat, codeOf, type OpenChannel, openChannel } from './support/open-channel.ts';

/** Asks for 40 tokens under a voucher, which covers 64 of them. */
function ask({ payer }: OpenChannel, cumulative: bigint, content: string, key?: string): SimAnswer {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return payer.send(payer.wallet.voucher(cumulative), { headers, body: chat(content, 40) });
}

const jobOf = ({ headers }: SimAnswer): string | undefined => headers['x-afterglow-job'];

describe('one voucher buys once', () => {
  it('H4 a request that is sent a hundred times at once is one job and one charge', async () => {
    const channel = await openChannel();
    const answers = Array.from({ length: 100 }, () => ask(channel, 60n, 'again', 'key-1'));
    await channel.pass(3_000);
    expect(new Set(answers.map(jobOf)).size).toBe(1);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.ids).toEqual(answers[0]?.ids);
      expect(answer.done).toBe(true);
    }
    expect(channel.row().spent).toBe(channel.payer.costOf(7, 40));
  });

  it('a repeat hears the whole answer, while it runs and ten minutes after, and pays nothing', async () => {
    const channel = await openChannel();
    const first = ask(channel, 60n, 'again');
    await channel.pass(200);
    const second = ask(channel, 60n, 'again');
    await channel.pass(3_000);
    const spent = channel.row().spent;
    const third = ask(channel, 60n, 'again');
    await channel.pass(20);
    for (const answer of [first, second, third]) {
      expect(answer.ids).toHaveLength(40);
      expect(answer.text.endsWith('[DONE]\n\n')).toBe(true);
      expect(answer.ids).toEqual(first.ids);
    }
    expect(channel.row().spent).toBe(spent);
    await channel.pass(10 * 60_000);
    const late = ask(channel, 60n, 'again');
    await channel.pass(3_000);
    expect(jobOf(late)).not.toBe(jobOf(first));
  });

  it('H4 of two requests that race with one voucher, the other one is stale', async () => {
    const channel = await openChannel();
    const [first, second] = [ask(channel, 200n, 'one'), ask(channel, 200n, 'two')];
    await channel.pass(3_000);
    expect(first.status).toBe(200);
    expect([second.status, codeOf(second)]).toEqual([402, 'voucher_stale']);
    expect(channel.row().spent).toBe(channel.payer.costOf(5, 40));
  });

  it('with keys of their own both run, as far as what is unspent goes', async () => {
    const channel = await openChannel();
    const answers = ['a', 'b', 'c'].map((key) => ask(channel, 90n, key, key));
    await channel.pass(3_000);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 402]);
    const [, , refused] = answers as [SimAnswer, SimAnswer, SimAnswer];
    expect(codeOf(refused)).toBe('voucher_insufficient');
    expect(JSON.parse(refused.text)).toMatchObject({
      status: 402,
      type: 'urn:afterglow:problem:voucher_insufficient',
    });
    expect(channel.world.broken).toEqual([]);
  });

  it('a key is one request', async () => {
    const channel = await openChannel();
    ask(channel, 60n, 'one', 'key');
    const other = ask(channel, 120n, 'two', 'key');
    await channel.pass(3_000);
    expect(codeOf(other)).toBe('idempotency_key_reused');
  });

  it('the job goes on while anybody listens, and is cancelled when nobody does', async () => {
    const channel = await openChannel();
    const first = ask(channel, 60n, 'again');
    await channel.pass(100);
    const second = ask(channel, 60n, 'again');
    await channel.pass(50);
    first.leave();
    await channel.pass(50);
    expect(channel.world.ledger.state.jobs.size).toBe(1);
    second.leave();
    await channel.pass(50);
    expect(channel.world.ledger.state.jobs.size).toBe(0);
  });
});
