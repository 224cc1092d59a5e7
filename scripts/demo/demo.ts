import { build } from 'vite';
import { LocalNetwork } from '../network/local-network.ts';
import { createPayingAgent } from '../network/paying-agent.ts';
import { checkTab } from './check-tab.ts';
import type { DemoOptions } from './demo-options.ts';
import { runPaidJob, type PaidJob } from './paid-job.ts';
import { type DemoResult, settleUp, watchPayouts } from './settle-up.ts';
import { stayUp } from './stay-up.ts';
import { listenForStop } from '../../src/cli/stop-signal.ts';
import { Story } from './story.ts';

/** The demo network from its start to its end. @throws where something is not as it was asked for */
export async function runDemo(options: DemoOptions): Promise<void> {
  const story = new Story();
  const stop = listenForStop();
  const began = performance.now();

  await story.step('Building the page', () => build({ logLevel: 'error' }));
  const network = await story.step('Starting a chain, its contracts and the relay', () =>
    LocalNetwork.start({ ...options, paid: true }),
  );
  let result: DemoResult | undefined;
  try {
    result = await tell(network, options, story, stop);
    if (result && !options.once) await stayUp(network, options, story, stop);
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await story.step('Ending every process', () => network.close());
  }
  if (!options.once || !result) return;
  console.log(JSON.stringify({ ...result, seconds: Math.round((performance.now() - began) / 100) / 10 }));
}

/** Two tabs, one paid job that outlives one of them, and the money of it on the chain. */
async function tell(
  network: LocalNetwork,
  options: DemoOptions,
  story: Story,
  signal: AbortSignal,
): Promise<DemoResult | undefined> {
  for (const name of ['first', 'second']) {
    if (signal.aborted) return undefined;
    const added = await story.step(`Opening the ${name} tab`, () => network.addTab());
    await checkTab(added, options, story);
  }
  const agent = await story.step('Giving an agent a wallet and test dollars', () =>
    createPayingAgent(network),
  );
  const channel = await story.step('Opening its payment channel, without gas', () => agent.open(signal));
  story.say(`  agent ${agent.address}, channel ${channel.channelId}`);
  const paid = watchPayouts(network);
  const job: PaidJob = await runPaidJob({ network, options, story, agent, signal });
  return settleUp(network, story, agent, job, paid);
}
