import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PayoutEvent } from '../../src/relay/payouts/payouts.ts';
import { type Client, formatCoins } from '../../src/sdk/index.ts';
import type { LocalNetwork } from '../network/local-network.ts';
import type { PaidJob } from './paid-job.ts';
import type { Story } from './story.ts';

/** Amounts are decimal strings of base units of the coin (a millionth of a test dollar). */
export interface DemoResult {
  readonly tokens: number;
  readonly text: string;
  readonly receiptValid: true;
  readonly agentPaid: string;
  readonly providerAccrued: string;
  readonly providerSettled: string;
  readonly relayFee: string;
  readonly moved: number;
}

/** Pico in a base unit, as decimals. */
const UNIT_DECIMALS = 6;
const PATIENCE_MS = 30_000;
const run = promisify(execFile);

type ProviderPaid = Extract<PayoutEvent, { type: 'providerPaid' }>;

/** Closes the agent's channel, waits until both tabs have their money on the chain, and reads the balances back there. */
export async function settleUp(
  network: LocalNetwork,
  story: Story,
  agent: Client,
  job: PaidJob,
  paid: readonly ProviderPaid[],
): Promise<DemoResult> {
  const due = new Map(
    [...job.accrued].map(([account, pico]) => [account, pico / 10n ** BigInt(UNIT_DECIMALS)]),
  );
  const closed = await story.step('Closing the channel on the chain', () => agent.close());
  if (!closed) throw new Error('The agent had no channel to close.');
  story.say(
    `  settled ${closed.settled}, back to the agent ${closed.refunded} base units, transaction ${closed.txHash}`,
  );
  const tabs = [...due.keys()];
  const settled = await story.step('Paying the tabs from the hub', () =>
    balancesOf(network, agent.address, tabs, due),
  );
  for (const { payee, transaction } of paid) story.say(`  ${payee}: transaction ${transaction}`);
  for (const account of tabs) story.say(`  ${account} has ${settled.get(account)} base units on the chain`);
  const total = [...settled.values()].reduce((sum, amount) => sum + amount, 0n);
  return {
    tokens: job.receipt.outputTokens,
    text: job.text,
    receiptValid: true,
    agentPaid: String(closed.settled),
    providerAccrued: formatCoins(
      [...job.accrued.values()].reduce((sum, pico) => sum + pico, 0n),
      UNIT_DECIMALS,
    ),
    providerSettled: String(total),
    relayFee: formatCoins(job.fee, UNIT_DECIMALS),
    moved: job.moved,
  };
}

/** Collects the hub's payments from now on: the first tab may have its money before the job has ended. */
export function watchPayouts(network: LocalNetwork): ProviderPaid[] {
  const paid: ProviderPaid[] = [];
  network.onPayout((event) => {
    if (event.type === 'providerPaid') paid.push(event);
  });
  return paid;
}

/** Balances of the tabs, read by a process of its own that knows nothing but the chain. */
async function balancesOf(
  { chain }: LocalNetwork,
  agent: string,
  tabs: readonly string[],
  due: ReadonlyMap<string, bigint>,
): Promise<ReadonlyMap<string, bigint>> {
  if (!chain) throw new Error('The network has no chain.');
  const reader = join(import.meta.dirname, 'read-balances.ts');
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const { stdout } = await run(process.execPath, [
      reader,
      chain.anvil.rpcUrl,
      chain.deployment.token,
      agent,
      ...tabs,
    ]);
    const found = JSON.parse(stdout) as Record<string, string>;
    const balances = new Map(tabs.map((account) => [account, BigInt(found[account] ?? '0')]));
    if (tabs.every((account) => balances.get(account) === due.get(account))) return balances;
    if (performance.now() > deadline) {
      throw new Error(`The chain says ${stdout.trim()}; due was ${[...due.values()].join(', ')} base units.`);
    }
    await wait(500);
  }
}
