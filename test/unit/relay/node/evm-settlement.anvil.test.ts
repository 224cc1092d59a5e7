import { afterEach, beforeEach, expect, it } from 'vitest';
import { newAccount, TestChain } from '../../../../scripts/network/test-chain.ts';
import type { ChainOptions } from '../../../../src/chain/chain-client.ts';
import { readDollars } from '../../../../src/chain/dollar.ts';
import type { Hex } from '../../../../src/core/bytes.ts';
import { createEvmSettlement } from '../../../../src/relay/node/money/evm-settlement.ts';
import { createSystemClock } from '../../../../src/relay/node/system-clock.ts';
import type { SettlementChain } from '../../../../src/relay/settlement/settlement-chain.ts';
import { LaggingNode, type Request } from '../../chain/lagging-node.ts';

const clock = createSystemClock();
let world: TestChain;
let relay: Hex;
beforeEach(async () => {
  world = await TestChain.start();
  relay = world.relay.account as Hex;
  await world.fund(relay, 1_000n);
}, 30_000);
afterEach(() => world.close());

it('K16 a payment into the hub that is not mined in time is waited for, and made once', async () => {
  await world.automine(false);
  const chain = settlement({ patienceMs: 400 });
  await expect(chain.fundHub(100n)).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
  await expect(chain.finish()).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
  await world.mine(1);
  await chain.finish();
  await chain.finish();
  expect([await inHub(), await sent()]).toEqual([100n, 1]);
});

it('K16 and so is one that is mined and lacks confirmations', async () => {
  const chain = settlement({ patienceMs: 300, confirmations: 3 });
  await expect(chain.fundHub(100n)).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
  await expect(chain.finish()).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
  await world.mine(2);
  await chain.finish();
  expect([await inHub(), await sent()]).toEqual([100n, 1]);
});

it('K16 what ended without an effect is finished too', async () => {
  await world.automine(false);
  const chain = settlement({ patienceMs: 1_000 });
  await expect(chain.fundHub(600n)).rejects.toMatchObject({ code: 'transaction_unconfirmed' });
  await world.ask('anvil_dropAllTransactions', []);
  await world.ask('anvil_setNonce', [relay, '0x1']);
  await world.mine(1);
  await chain.finish();
  await world.automine(true);
  await chain.fundHub(500n);
  expect(await inHub()).toBe(500n);
}, 15_000);

it('M14 many channels are read at one block, some at once, and what a lagging node refuses is asked again', async () => {
  await using node = await LaggingNode.start(world.anvil.rpcUrl);
  const blocks = new Set<unknown>();
  const asked = new Set<unknown>();
  node.refuses = ({ method, params = [] }: Request) => {
    if (method !== 'eth_call') return false;
    const [call, block] = params as [{ data: Hex }, unknown];
    blocks.add(block);
    // The first time that it is asked for a channel.
    const isFirst = !asked.has(call.data);
    asked.add(call.data);
    return isFirst;
  };
  const channels = Array.from({ length: 60 }, () => newAccount().key);
  const funds = await settlement({ rpcUrl: node.rpcUrl }).fundsOf(channels, 'confirmed');
  expect(funds).toHaveLength(60);
  expect(new Set(funds.map(({ deposit }) => deposit))).toEqual(new Set([0n]));
  expect(blocks.size).toBe(1);
  expect(node.mostAtOnce).toBeLessThanOrEqual(16);
});

function settlement(options: Partial<ChainOptions>): SettlementChain {
  const { escrow, hub, token } = world.deployment;
  return createEvmSettlement(world.connect(world.relayKey, options), { escrow, hub, token, relay }, clock);
}

function inHub(): Promise<bigint> {
  return readDollars(world.relay, world.deployment.token, world.deployment.hub);
}

async function sent(): Promise<number> {
  return Number(await world.ask('eth_getTransactionCount', [relay, 'latest']));
}
