import { isDeepStrictEqual } from 'node:util';
import { encodeAbiParameters, getContractAddress, keccak256 } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { readGracePeriod } from '../../../src/chain/channel.ts';
import { type DeployPlan, verifyDeployment } from '../../../src/chain/deployment.ts';
import { paymentChannelRuntime } from '../../../src/chain/generated/payment-channel-code.ts';
import { payoutHubRuntime } from '../../../src/chain/generated/payout-hub-code.ts';
import { readHub, readPaid } from '../../../src/chain/hub.ts';
import { hubImmutables } from '../../../src/chain/immutables.ts';
import type { Hex } from '../../../src/core/bytes.ts';

const signer = newAccount().address;
let chain: TestChain;
let plan: DeployPlan;

beforeAll(async () => {
  chain = await TestChain.start({ gracePeriod: 21_600, signer });
  plan = { gracePeriod: 21_600, owner: chain.relay.account as Hex, signer };
});

afterAll(() => chain.close());

/** A contract as a deployer with a constructor of its own would leave it, for as long as the work takes. */
async function withCode<T>(contract: 'escrow' | 'hub', code: Hex, work: () => Promise<T>): Promise<T> {
  const at = chain.deployment[contract];
  const honest = await chain.relay.code(at);
  await chain.ask('anvil_setCode', [at, code]);
  try {
    return await work();
  } finally {
    await chain.ask('anvil_setCode', [at, honest]);
  }
}

/** What the verification says, by the thing that it finds wrong. */
async function verdict(
  deployment: Parameters<typeof verifyDeployment>[1] = chain.deployment,
): Promise<string> {
  return verifyDeployment(chain.relay, deployment, plan).then(
    () => 'as planned',
    (error: { code: string; data: { what: string } }) => {
      expect(error.code).toBe('deployment_wrong');
      return error.data.what;
    },
  );
}

const places = [
  ...Object.entries(paymentChannelRuntime.immutables).map((entry) => ['escrow', ...entry] as const),
  ...Object.entries(payoutHubRuntime.immutables).map((entry) => ['hub', ...entry] as const),
];
const NEVER = `${'0'.repeat(48)}${'f'.repeat(16)}`;

/** Another word at one place of a code. */
function forge(code: Hex, place: number, word: string): Hex {
  const from = 2 + 2 * place;
  return `${code.slice(0, from)}${word}${code.slice(from + 64)}` as Hex;
}

describe('K15 a forged contract', () => {
  it('is found whichever copy of whichever immutable is forged, one alone', async () => {
    expect(await verdict()).toBe('as planned');
    const said = new Map<string, Set<string>>();
    for (const [contract, name, starts] of places) {
      const code = await chain.relay.code(chain.deployment[contract]);
      for (const start of starts) {
        const what = await withCode(contract, forge(code, start, 'ab'.repeat(32)), verdict);
        expect(what, `${contract} ${name} at ${start}`).not.toBe('as planned');
        const key = `${contract} ${name}${starts.length > 1 ? ', one of several' : ''}`;
        said.set(key, (said.get(key) ?? new Set()).add(what.replace(/: .*/, '')));
      }
    }
    const words = Object.fromEntries([...said].map(([key, whats]) => [key, [...whats]]));
    const differs = (what: string): string[] => [`${what} is not the same everywhere in the code`];
    expect(words).toMatchObject({
      'escrow CLOSE_GRACE_PERIOD, one of several': differs('the grace period'),
      'hub token, one of several': differs("the hub's coin"),
      'hub owner, one of several': differs("the hub's owner"),
      'hub signer, one of several': differs("the hub's signer"),
      'hub hubId, one of several': differs("the hub's id"),
      'escrow _cachedDomainSeparator': ["the escrow's signature domain is another one than its parts make"],
      'hub _cachedThis': ["the hub's signature domain is another one than its parts make"],
    });
  });

  it('is found where its getters say what was planned: six hours there, and never where it counts', async () => {
    const { escrow, hub } = chain.deployment;
    const answers = async (): Promise<unknown> => [
      await readGracePeriod(chain.relay, escrow),
      await readHub(chain.relay, hub),
    ];
    const honest = await answers();
    const unseen = new Set<string>();
    for (const [contract, name, starts] of places.filter(([, of]) => !of.startsWith('_'))) {
      const code = await chain.relay.code(chain.deployment[contract]);
      for (const start of starts) {
        const told = await withCode(contract, forge(code, start, NEVER), answers);
        if (isDeepStrictEqual(told, honest)) unseen.add(name);
      }
    }
    // Each of them has a copy that no getter shows.
    expect([...unseen].sort()).toEqual(['CLOSE_GRACE_PERIOD', 'hubId', 'owner', 'signer', 'token']);
    const code = await chain.relay.code(escrow);
    const inside = Math.max(...paymentChannelRuntime.immutables.CLOSE_GRACE_PERIOD);
    expect(await withCode('escrow', forge(code, inside, NEVER), verdict)).toBe(
      `the grace period is not the same everywhere in the code: 21600 s and ${2n ** 64n - 1n} s`,
    );
  });

  it('is found where all copies of a thing are alike, and other than planned', async () => {
    for (const [contract, name, starts] of places) {
      const honest = await chain.relay.code(chain.deployment[contract]);
      const code = starts.reduce((text, start) => forge(text, start, 'ab'.repeat(32)), honest);
      expect(await withCode(contract, code, verdict), name).toMatch(
        /was asked for$|is another one than its parts make$/,
      );
    }
  });

  it('with honest code, made by a constructor that wrote into storage, is found by its creation alone', async () => {
    const { created, hub, token } = chain.deployment;
    await verifyDeployment(chain.relay, { ...chain.deployment, created }, plan);
    // A hub that believes that a provider has got all that it will ever earn.
    const payee = newAccount().address;
    const forger = newAccount();
    await chain.fund(forger.address, 0n, 10n ** 18n);
    const at = getContractAddress({ from: forger.address, nonce: 0n }).toLowerCase() as Hex;
    const slot = keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [payee, 3n]));
    const { contract, hash } = await chain
      .connect(forger.key)
      .send({ data: initcode(hubCodeAt(at), [slot, 2n ** 128n - 1n]) });
    expect(contract).toBe(at);
    expect(await readPaid(chain.relay, at, payee)).toBe(2n ** 128n - 1n);
    const forged = { ...chain.deployment, hub: at };
    const { created: _, ...uncreated } = forged;
    expect(await verdict(uncreated)).toBe('as planned');
    expect(await verdict({ ...forged, created: { ...created, hub: hash } })).toBe(
      "the hub was made by other initcode, or with other parameters, than this version's",
    );
    // Nor does the transaction of the honest one, of none, or of something else vouch for it.
    for (const other of [created.hub, `0x${'12'.repeat(32)}` as const, created.escrow])
      expect(await verdict({ ...forged, created: { ...created, hub: other } })).toBe(
        `this RPC knows no transaction ${other} that made the hub`,
      );
    expect(await readPaid(chain.relay, hub, payee)).toBe(0n);
    expect(token).toBe(forged.token);
  });

  it('is found by a byte of other code, and two that are in each other’s place are told so', async () => {
    for (const contract of ['escrow', 'hub'] as const) {
      const code = await chain.relay.code(chain.deployment[contract]);
      const other: Hex = `${code.slice(0, -2)}${code.endsWith('00') ? '01' : '00'}` as Hex;
      const longer: Hex = `${code}00`;
      for (const found of [other, longer])
        expect(await withCode(contract, found, verdict)).toBe(
          `the ${contract} has other code than this version's`,
        );
    }
    const { escrow, hub } = chain.deployment;
    await expect(
      verifyDeployment(chain.relay, { ...chain.deployment, escrow: hub, hub: escrow }, plan),
    ).rejects.toMatchObject({ code: 'deployment_wrong', data: { misplaced: true } });
  });
});

/** The hub's honest code, as it would be at an address. */
function hubCodeAt(contract: Hex): Hex {
  const { owner } = plan;
  const parts = { token: chain.deployment.token, owner, signer };
  const words = hubImmutables({ chainId: chain.deployment.chainId, contract }, parts);
  let code = payoutHubRuntime.code as Hex;
  for (const [name, starts] of Object.entries(payoutHubRuntime.immutables))
    for (const start of starts) code = forge(code, start, words[name as keyof typeof words].word.slice(2));
  return code;
}

/** A constructor that writes one word into storage and leaves the code that it is given. */
function initcode(code: Hex, [slot, value]: readonly [slot: Hex, value: bigint]): Hex {
  // PUSH32 value PUSH32 slot SSTORE; PUSH2 length DUP1 PUSH1 offset PUSH0 CODECOPY; PUSH0 RETURN
  const write = `7f${value.toString(16).padStart(64, '0')}7f${slot.slice(2)}55`;
  const length = (code.length / 2 - 1).toString(16).padStart(4, '0');
  const offset = (write.length / 2 + 10).toString(16).padStart(2, '0');
  return `0x${write}61${length}8060${offset}5f395ff3${code.slice(2)}`;
}
