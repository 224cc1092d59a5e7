import { afterAll, beforeAll, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../scripts/network/test-chain.ts';
import { takesAuthorizations } from '../../../src/chain/authorization-probe.ts';
import { readTokenDomain } from '../../../src/chain/dollar.ts';
import { fromHex, type Hex } from '../../../src/core/bytes.ts';
import type { Domain } from '../../../src/protocol/money/typed-data.ts';
import { signDigest } from '../../../src/protocol/money/signature.ts';
import { LaggingNode } from './lagging-node.ts';
import { proxyCode, proxyWithoutBytesCode } from './odd-coins.ts';

let world: TestChain;
beforeAll(async () => void (world = await TestChain.start()), 30_000);
afterAll(() => world.close());

it('H9 a coin that takes authorizations is one, also behind a proxy', async () => {
  expect(await probe(world.deployment.token)).toBe(true);
  expect(await probe(await coin(proxyCode(world.deployment.token)))).toBe(true);
});

it('H9 a coin that knows them without the signature as bytes, or not at all, or takes any call, is none', async () => {
  expect(await probe(await coin(proxyWithoutBytesCode(world.deployment.token)))).toBe(false);
  expect(await probe(world.deployment.hub)).toBe(false);
  // Does nothing and says yes, as coins do whose fallback takes deposits.
  expect(await probe(await coin('0x00'))).toBe(false);
  // Ends every call by an invalid instruction.
  expect(await probe(await coin('0xfe'))).toBe(false);
});

it('H9 under another name or version than the coin’s own nothing is taken', async () => {
  const { token } = world.deployment;
  const domain = await readTokenDomain(world.relay, token);
  expect(await probe(token, { ...domain, version: '2' })).toBe(false);
});

it('H9 a chain that does not answer is an error, and no answer', async () => {
  const dead = world.connect(undefined, { rpcUrl: 'http://127.0.0.1:9' });
  await expect(probe(world.deployment.token, undefined, dead)).rejects.toMatchObject({
    code: 'chain_unreachable',
  });
});

it('H9 a node that refuses in passing says nothing about the coin, and one that refuses everything ends the start', async () => {
  await using node = await LaggingNode.start(world.anvil.rpcUrl);
  const chain = world.connect(undefined, { rpcUrl: node.rpcUrl });
  const { token } = world.deployment;
  const domain = await readTokenDomain(world.relay, token);
  let calls = 0;
  node.refuses = ({ method }) => method === 'eth_call' && ++calls <= 2;
  expect(await probe(token, domain, chain)).toBe(true);
  // The bad one is refused in passing, by a coin that takes any call.
  calls = 0;
  node.refuses = ({ method }) => method === 'eth_call' && ++calls === 2;
  expect(await probe(await coin('0x00'), domain, chain)).toBe(false);
  node.refuses = ({ method }) => method === 'eth_call';
  await expect(probe(token, domain, chain)).rejects.toMatchObject({
    code: 'chain_refused',
    message: expect.stringContaining('--sponsored-per-day 0'),
  });
});

async function probe(token: Hex, given?: Domain, chain = world.relay): Promise<boolean> {
  const { escrow, token: dollar } = world.deployment;
  const { key, address: account } = newAccount();
  const domain = given ?? { ...(await readTokenDomain(world.relay, dollar)), verifyingContract: token };
  const sign = (digest: Hex): Hex => signDigest(digest, fromHex(key));
  return takesAuthorizations(chain, token, { account, domain, escrow, nonce: newAccount().key, sign });
}

/** A contract with this code. */
async function coin(code: Hex): Promise<Hex> {
  const { address } = newAccount();
  await world.ask('anvil_setCode', [address, code]);
  return address;
}
