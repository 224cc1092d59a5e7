import { expect, it } from 'vitest';
import { TestChain } from '../../../scripts/network/test-chain.ts';
import { ChainClient } from '../../../src/chain/chain-client.ts';
import { mintCall } from '../../../src/chain/dollar.ts';
import { type Clock, every } from '../../../src/core/clock.ts';
import { createSystemClock } from '../../../src/relay/node/system-clock.ts';

const FASTER = 60;

it('K14 the time that twelve confirmations take on Ethereum is waited for, a missed block or two included', async () => {
  await using world = await TestChain.start();
  await world.automine(false);
  const machine = createSystemClock();
  const clock: Clock = {
    now: () => machine.now() * FASTER,
    after: (ms, run) => machine.after(ms / FASTER, run),
  };
  const { chainId, rpcUrl } = world.anvil;
  const privateKey = world.relayKey;
  const chain = new ChainClient({ rpcUrl, chainId, privateKey, clock, confirmations: 12 });
  const began = clock.now();
  const stop = every(clock, 13_000, () => void world.mine(1));
  try {
    await chain.send(mintCall(world.deployment.token, world.relay.account as `0x${string}`, 1n));
  } finally {
    stop();
    machine.stop();
  }
  expect(clock.now() - began).toBeGreaterThan(130_000);
}, 20_000);
