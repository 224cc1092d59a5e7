import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import { formatCoins, parseCoins } from '../../../src/sdk/coin.ts';
import { createPrivateKey, keyWallet, type Wallet } from '../../../src/sdk/wallet.ts';
import { AGENT_KEY, chat, createAgent, textOf } from './support/agent.ts';
import { ScriptedRelay } from './support/scripted-relay.ts';

describe('a wallet', () => {
  it('may be an account of viem, and signs the same', async () => {
    const wallet: Wallet = privateKeyToAccount(AGENT_KEY as `0x${string}`);
    const relay = new ScriptedRelay();
    const agent = createAgent(relay, { wallet });
    expect(textOf(await (await chat(agent, 'Hello.')).text())).toBe(relay.answer);
    await agent.client.idle();
    expect(agent.problems()).toEqual([]);
    expect(keyWallet(AGENT_KEY).address).toBe(wallet.address.toLowerCase());
  });

  it('that refuses, or signs for somebody else, pays nothing', async () => {
    const relay = new ScriptedRelay();
    const other = keyWallet(createPrivateKey());
    const { address } = keyWallet(AGENT_KEY);
    const wallets: Wallet[] = [
      { address, signTypedData: () => Promise.reject(new Error('The person said no.')) },
      { address, signDigest: (digest) => other.signDigest?.(digest) ?? '0x' },
      { address },
    ];
    for (const wallet of wallets) {
      const response = await chat(createAgent(relay, { wallet }), 'Hello.');
      expect(await response.json()).toMatchObject({ error: { code: 'wallet_refused' } });
    }
    expect(relay.paid).toEqual([]);
  });

  it('of no key is refused without repeating it', () => {
    const secret = 'abcdef0123456789';
    expect(() => keyWallet(secret)).toThrow(expect.objectContaining({ code: 'key_invalid' }));
    try {
      keyWallet(secret);
    } catch (error) {
      expect(JSON.stringify([error, String(error)])).not.toContain(secret);
    }
  });
});

describe('coins', () => {
  it.each([
    ['1', 1_000_000n, '1'],
    ['1.50', 1_500_000n, '1.5'],
    ['0.000001', 1n, '0.000001'],
    ['0', 0n, '0'],
  ])('%s is %s base units', (text, amount, plain) => {
    expect(parseCoins(text, 6)).toBe(amount);
    expect(formatCoins(amount, 6)).toBe(plain);
  });

  it.each(['', '-1', '1e3', '0.0000001', '.5', '1,5'])('%s is no amount', (text) => {
    expect(() => parseCoins(text, 6)).toThrow(expect.objectContaining({ code: 'amount_invalid' }));
  });
});
