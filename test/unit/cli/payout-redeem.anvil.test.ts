import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { readDollars } from '../../../src/chain/dollar.ts';
import { createProgram } from '../../../src/cli/afterglow.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import { hubIdOf, payoutDigester } from '../../../src/protocol/money/payout.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import { redeemCall } from '../../../src/chain/hub.ts';
import { LaggingNode } from '../chain/lagging-node.ts';

const stranger = newAccount();
let chain: TestChain;
let folder: string;
let gas: readonly string[];
let printed: string[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-redeem-'));
  chain = await TestChain.start();
  await chain.fund(stranger.address, 0n, 10n ** 18n);
  await writeFile(join(folder, 'gas.key'), stranger.key.slice(2), { mode: 0o600 });
  gas = ['--gas-key-file', join(folder, 'gas.key')];
});
beforeEach(() => {
  printed = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void printed.push(line));
});
afterEach(() => {
  process.exitCode = undefined;
});
afterAll(async () => {
  vi.restoreAllMocks();
  await chain.close();
  await rm(folder, { recursive: true });
});

/** What the relay signed, as a tab keeps it. */
function voucherOf(payee: Hex, cumulative: bigint, changes: { chainId?: number; hub?: Hex } = {}) {
  const { token } = chain.deployment;
  const { chainId, hub } = { ...chain.deployment, ...changes };
  const owner = chain.relay.account as Hex;
  const place = { chainId, contract: hub };
  const digest = payoutDigester(hubIdOf({ token, owner, signer: owner }, place), place);
  const signature = signDigest(digest({ payee, cumulativeAmount: cumulative }), fromHex(chain.relayKey));
  const parts = { token, owner, signer: owner, unit: '1000000', keptAt: 1 };
  return { chainId, hub, payee, cumulative: String(cumulative), signature, ...parts };
}

async function redeem(content: unknown, ...flags: string[]): Promise<void> {
  const file = join(folder, 'vouchers.json');
  await writeFile(file, JSON.stringify(content));
  const all = ['payout', 'redeem', file, '--rpc-url', chain.anvil.rpcUrl, ...flags];
  await createProgram().parseAsync(['node', 'afterglow', ...all]);
}

const steps = (): unknown[] =>
  (JSON.parse(printed.at(-1) ?? '') as { outcome?: { step: string }; error?: { code: string } }[]).map(
    ({ error, outcome }) => outcome?.step ?? error?.code,
  );

describe('K10 afterglow payout redeem', () => {
  it('pays the payee what its relay signed, on anybody’s gas, once', async () => {
    const payee = newAccount().address;
    const { hub, token } = chain.deployment;
    const dollars = (): Promise<bigint> => readDollars(chain.relay, token, payee);
    const voucher = voucherOf(payee, 40_000n);
    await redeem(voucher);
    expect(printed.at(-1)).toMatch(
      /signed 0.04, paid 0: 0.04 Test Dollar to come; the hub has 0\n.*too little/,
    );
    expect(process.exitCode).toBeUndefined();
    await redeem(voucher, ...gas);
    expect(printed.at(-1)).toContain('too little');
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
    await chain.fund(hub, 1_000_000n);
    for (const flags of [[], ['--dry-run', ...gas]]) {
      await redeem(voucher, ...flags);
      expect(printed.at(-1)).toMatch(
        new RegExp(`the hub has 1\\n.*Nothing was sent.*\\n.*chain 31337\\n.*${hub}`),
      );
    }
    expect(await dollars()).toBe(0n);
    await redeem(voucher, ...gas);
    expect(printed.at(-1)).toContain('Redeemed, by transaction 0x');
    expect(await dollars()).toBe(40_000n);
    await redeem(voucher, ...gas);
    expect(printed.at(-1)).toContain('nothing to redeem');
    expect(await dollars()).toBe(40_000n);
    expect(process.exitCode).toBeUndefined();
  });

  it('takes a list, and draws what can be drawn of it', async () => {
    const [payee, nobody] = [newAccount().address, newAccount().address];
    await chain.fund(chain.deployment.hub, 1_000_000n);
    const list = [
      voucherOf(payee, 5n, { chainId: 1 }),
      voucherOf(payee, 5n, { hub: nobody }),
      voucherOf(payee, 7n, { hub: chain.deployment.hub }),
    ];
    await redeem(list, '--json', ...gas);
    expect(steps()).toEqual(['elsewhere', 'contract_missing', 'redeemed']);
    expect(process.exitCode).toBe(1);
    expect(await readDollars(chain.relay, chain.deployment.token, payee)).toBe(7n);
  });

  it('says why where the hub leaves it out', async () => {
    const { token } = chain.deployment;
    const code = await chain.relay.code(token);
    // A coin that answers 12 to everything: so many decimals, so much money, and no `true` to a transfer.
    await chain.ask('anvil_setCode', [token, '0x600c60005260206000f3']);
    await redeem(voucherOf(newAccount().address, 5n), '--json', ...gas);
    await chain.ask('anvil_setCode', [token, code]);
    expect(steps()).toEqual(['redeem_refused']);
    expect(printed.at(-1)).toContain('PaymentRefused');
  });

  it('takes one run for each chain of a file, and says so', async () => {
    const payee = newAccount().address;
    await chain.fund(chain.deployment.hub, 1_000_000n);
    const other = voucherOf(payee, 5n, { chainId: 1 });
    await redeem([other, voucherOf(payee, 5n)], ...gas);
    expect(printed[0]).toContain('run it again with an RPC of chain 1.');
    expect(printed[1]).toContain('Redeemed');
    expect(process.exitCode).toBeUndefined();
    // None of them is of this chain: a wrong RPC.
    await redeem([other], '--json', ...gas);
    expect(steps()).toEqual(['chain_mismatch']);
    expect(process.exitCode).toBe(1);
  });

  it('counts as redeemed by its receipt, where the next answer comes from a node that lags', async () => {
    const payee = newAccount().address;
    const { hub, token } = chain.deployment;
    await chain.fund(hub, 1_000_000n);
    await using late = await LaggingNode.start(chain.anvil.rpcUrl);
    late.isStale = true;
    await redeem(voucherOf(payee, 9n), '--json', '--rpc-url', late.rpcUrl, ...gas);
    expect(steps()).toEqual(['redeemed']);
    expect(process.exitCode).toBeUndefined();
    expect(await readDollars(chain.relay, token, payee)).toBe(9n);
  });

  it('is spent where somebody else redeemed it a moment before', async () => {
    const payee = newAccount().address;
    const { hub } = chain.deployment;
    await chain.fund(hub, 1_000_000n);
    const voucher = voucherOf(payee, 9n);
    const row = { payee, cumulativeAmount: 9n, signature: voucher.signature };
    await chain.automine(false);
    const first = chain.relay.send(redeemCall(hub, [row]));
    await vi.waitFor(() => waiting(1));
    const second = redeem(voucher, '--json', ...gas);
    await vi.waitFor(() => waiting(2));
    await chain.automine(true);
    await chain.mine(1);
    await Promise.all([first, second]);
    expect(steps()).toEqual(['spent']);
    expect(process.exitCode).toBeUndefined();
  });

  it('names the account that has too little gas, and the amount', async () => {
    const poor = newAccount();
    await chain.fund(chain.deployment.hub, 1_000_000n);
    await chain.fund(poor.address, 0n, 1_000n);
    await writeFile(join(folder, 'poor.key'), poor.key, { mode: 0o600 });
    const voucher = voucherOf(newAccount().address, 9n);
    await redeem(voucher, '--json', '--gas-key-file', join(folder, 'poor.key'));
    expect(steps()).toEqual(['gas_missing']);
    expect(printed.at(-1)).toMatch(new RegExp(`The account ${poor.address} has 1000 wei and needs \\d+`));
  });

  it('draws the others where an entry is no voucher, or was changed: nothing is asked for that one', async () => {
    const payee = newAccount().address;
    const { hub, token } = chain.deployment;
    await chain.fund(hub, 1_000_000n);
    const voucher = voucherOf(payee, 5n);
    const changed = [
      { ...voucher, cumulative: '6' },
      { ...voucher, payee: stranger.address },
      { ...voucher, owner: stranger.address },
      { ...voucher, signature: `0x${'ff'.repeat(65)}` },
    ];
    await redeem([{ ...voucher, hub: 'there' }, ...changed, voucher], '--json', ...gas);
    const refused = changed.map(() => 'voucher_signature');
    expect(steps()).toEqual(['voucher_malformed', ...refused, 'redeemed']);
    expect(printed.at(-1)).toContain('Entry 1 of the file');
    expect(process.exitCode).toBe(1);
    expect(await readDollars(chain.relay, token, payee)).toBe(5n);
    await redeem(changed, '--json', '--rpc-url', 'http://127.0.0.1:1');
    expect(steps()).toEqual(refused);
  });

  it('refuses a file without any voucher', async () => {
    for (const content of [{}, [], [{ hub: '0x' }], 'text'])
      await expect(redeem(content)).rejects.toMatchObject({ code: 'voucher_malformed' });
    const missing = ['payout', 'redeem', join(folder, 'none'), '--rpc-url', 'http://127.0.0.1:1'];
    await expect(createProgram().parseAsync(['node', 'afterglow', ...missing])).rejects.toMatchObject({
      code: 'voucher_unreadable',
    });
  });
});

/** So many transactions are sent and in no block. */
async function waiting(count: number): Promise<void> {
  expect(await chain.ask('txpool_status', [])).toMatchObject({ pending: `0x${count.toString(16)}` });
}
