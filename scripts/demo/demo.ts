import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'vite';
import { verifyReceipt } from '../../src/protocol/money/verify-receipt.ts';
import type { RelayEvent } from '../../src/relay/relay-events.ts';
import { fetchReceipt, streamChat } from '../network/chat-stream.ts';
import { LocalNetwork, type NetworkTab } from '../network/local-network.ts';
import { Story } from './story.ts';

export interface DemoOptions {
  readonly once: boolean;
  readonly port: number;
  readonly model: string;
  readonly backend: 'webgpu' | 'wasm';
  readonly tokens: number;
}

const PROMPT = 'Speak to me of the sea, and of the night.';

/** The demo network from its start to its end. @throws where something is not as it was asked for */
export async function runDemo(options: DemoOptions): Promise<void> {
  const story = new Story();
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop.abort());
  const began = performance.now();

  await story.step('Building the page', () => build({ logLevel: 'error' }));
  const network = await story.step('Starting the relay', () => LocalNetwork.start(options));
  let summary: object | undefined;
  try {
    for (const name of ['first', 'second']) {
      if (stop.signal.aborted) return;
      const added = await story.step(`Opening the ${name} tab`, () => network.addTab());
      await checkTab(added, options, story);
    }
    if (stop.signal.aborted) return;
    const result = await runJob(network, options, story, stop.signal);
    summary = { ...result, seconds: Math.round((performance.now() - began) / 100) / 10 };
    if (options.once) return;
    await story.step('Opening a tab in place of the lost one', () => network.addTab());
    story.invite(network.server.url, options.model);
    await stayUp(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    await story.step('Ending every process', () => network.close());
    if (options.once && summary) console.log(JSON.stringify(summary));
  }
}

/** The adapter and backend that were asked for, or no demo: a silent fallback would be a lie. */
async function checkTab({ tab, account }: NetworkTab, { backend }: DemoOptions, story: Story): Promise<void> {
  const { engine, gpu } = await tab.status();
  if (!engine) throw new Error('The tab has no engine.');
  story.say(
    `  ${account}  ${engine.backend} on ${backend === 'webgpu' ? gpu?.name : 'the processor'} (${engine.gpuClass})`,
  );
  if (engine.backend !== backend) throw new Error(`The tab runs on ${engine.backend}, not on ${backend}.`);
  if (backend === 'webgpu' && !engine.gpuClass.includes('swiftshader')) {
    throw new Error(
      `The tab has the adapter ${engine.gpuClass}, not the software adapter that was asked for.`,
    );
  }
}

async function runJob(network: LocalNetwork, options: DemoOptions, story: Story, signal: AbortSignal) {
  const events: RelayEvent[] = [];
  const off = network.server.relay.on((event) => events.push(event));
  const lossAt = Math.floor(options.tokens / 2);
  let count = 0;
  let lost: Promise<void> | undefined;
  story.say(`\nOne job of ${options.tokens} tokens through ${network.api}; its tab is killed half-way.\n`);
  story.say(`> ${PROMPT}\n`);
  const { job, text, ids, promptIds, finish } = await streamChat(
    network.api,
    { model: options.model, prompt: PROMPT, maxTokens: options.tokens, temperature: 0.7, signal },
    (piece) => {
      story.write(piece.text);
      count += piece.ids.length;
      if (count >= lossAt && !lost) lost = killServing(network, events, story);
    },
  );
  await lost;
  off();
  const receipt = await fetchReceipt(network.api, job);
  const problems = verifyReceipt(receipt, { promptIds, outputIds: ids });
  const moves = events.flatMap((event) => (event.type === 'jobMoved' ? [event] : []));
  story.say('\n');
  for (const move of moves) {
    story.say(
      `Moved after ${move.accepted} tokens: loss noticed in ${Math.round(move.detectionMs)} ms, next token ${Math.round(move.resumptionMs)} ms later.`,
    );
  }
  const chunks = receipt.attempts.reduce((sum, attempt) => sum + attempt.chunks.length, 0);
  story.say(
    `Receipt ${job}: ${receipt.outputTokens} tokens in ${receipt.attempts.length} attempts, ${chunks} signed chunks, ${problems.length === 0 ? 'valid' : 'NOT valid'}.`,
  );
  if (problems.length > 0) throw new Error(`The receipt does not verify: ${JSON.stringify(problems)}`);
  if (moves.length === 0) throw new Error('The stream did not move to another tab.');
  if (ids.length !== options.tokens && finish === 'length')
    throw new Error(`${ids.length} tokens came, not ${options.tokens}.`);
  return { tokens: ids.length, text, receiptValid: true, moved: moves.length, backend: options.backend };
}

async function killServing(
  network: LocalNetwork,
  events: readonly RelayEvent[],
  story: Story,
): Promise<void> {
  const assigned = events.findLast((event) => event.type === 'jobAssigned');
  const serving = network.tabs.find(({ account }) => account === assigned?.provider);
  if (!serving) throw new Error('The serving tab is not one of the demo.');
  await network.lose(serving, 'renderer killed');
  story.mark('tab killed');
  await network.remove(serving);
}

async function stayUp(signal: AbortSignal): Promise<void> {
  await wait(2 ** 31 - 1, undefined, { signal }).catch(() => undefined);
}
