import { afterEach, expect, it } from 'vitest';
import { readChannel, type ChannelState } from '../../src/chain/channel.ts';
import { readDollars } from '../../src/chain/dollar.ts';
import { fromHex, type Hex } from '../../src/core/bytes.ts';
import { signDigest } from '../../src/protocol/money/signature.ts';
import { voucherDigester } from '../../src/protocol/money/voucher.ts';
import { askFaucet, type ChannelStatus, type Client, createClient } from '../../src/sdk/index.ts';
import { newAccount } from '../../scripts/network/test-chain.ts';
import { present, type Presented } from './adversaries/raw-payment.ts';
import { PaidRelay } from './paid-relay.ts';

let relay: PaidRelay;
afterEach(() => relay.close());

/** Pico in a base unit. */
const UNIT = 1_000_000n;

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

it('M15 a close whose transaction is late: no voucher buys anything, also after a restart, and it ends in one payment', async () => {
  relay = await PaidRelay.open({}, { 'confirm-ms': 1_000 });
  const { key, address } = newAccount();
  const client = createClient({ relay: relay.url, wallet: key, budget: '0.10', deposit: '0.01' });
  await askFaucet(relay.url, address);
  while (!(await relay.isServing())) await pause(50);
  await ask(client);
  await client.idle();
  const channel = client.channel?.channelId as Hex;
  const { spent } = (await client.status()) as ChannelStatus;
  const before = await relayDollars();

  // No block comes any more: the close is on its way, and stays there.
  await relay.chain.automine(false);
  await expect(client.close()).rejects.toMatchObject({ code: 'chain_slow' });
  expect(await pay(key, channel, 9_000n)).toMatchObject({ status: 402, code: 'channel_closing' });

  await relay.end('SIGKILL');
  await relay.start();
  await relay.provider.stop();
  relay.provider.start();
  while (!(await relay.isServing())) await pause(50);
  expect(await pay(key, channel, 9_500n)).toMatchObject({ status: 402, code: 'channel_closing' });
  expect(await state(channel)).toMatchObject({ finalized: false });

  await relay.chain.automine(true);
  await relay.chain.mine(1);
  for (let wait = 0; wait < 100 && !(await state(channel)).finalized; wait++) await pause(100);
  // Nobody has to ask again, and what the agent hears now is what the chain says.
  const { settled, finalized } = await state(channel);
  expect(finalized).toBe(true);
  expect(settled).toBe((spent + UNIT - 1n) / UNIT);
  expect((await relayDollars()) - before).toBe(settled);
  expect(await client.close()).toMatchObject({ settled });
  expect(await pay(key, channel, 9_900n)).toMatchObject({ status: 402, code: 'channel_closed' });
});

function relayDollars(): Promise<bigint> {
  const { chain } = relay;
  return readDollars(chain.relay, chain.deployment.token, chain.relay.account as Hex);
}

async function ask(client: Client): Promise<void> {
  const response = await client.fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: relay.model,
      messages: [{ role: 'user', content: 'Speak.' }],
      max_tokens: 64,
    }),
  });
  expect(response.status).toBe(200);
  await response.text();
}

/** A voucher of the agent's own making, however much it is for. */
function pay(key: Hex, channelId: Hex, cumulativeAmount: bigint): Promise<Presented> {
  const { chainId, escrow: contract } = relay.chain.deployment;
  const digest = voucherDigester({ chainId, contract })({ channelId, cumulativeAmount });
  const signature = signDigest(digest, fromHex(key));
  const payload = { action: 'voucher', channelId, cumulativeAmount: String(cumulativeAmount), signature };
  return present({ server: relay, model: relay.model }, payload);
}

async function state(id: Hex): Promise<ChannelState> {
  return (await readChannel(relay.chain.relay, relay.chain.deployment.escrow, id)) as ChannelState;
}
