import { setTimeout as wait } from 'node:timers/promises';
import { startProxyServer } from '../../src/cli/proxy-server.ts';
import type { RelayEvent } from '../../src/relay/relay-events.ts';
import type { Client } from '../../src/sdk/index.ts';
import { streamChat } from '../network/chat-stream.ts';
import type { LocalNetwork } from '../network/local-network.ts';
import { createPayingAgent } from '../network/paying-agent.ts';
import type { DemoOptions } from './demo-options.ts';
import { loseServing } from './lose-serving.ts';
import type { Story } from './story.ts';

/** Pause between the demo agent's jobs, in ms: a newcomer's tab gets one soon. */
const PAUSE_MS = 4_000;
const JOB_TOKENS = 40;
const PROMPTS = ['What news?', 'Who goes there?', 'Sing of the spring.', 'Is it war or peace?'];

/** Keeps the network up until Ctrl-C: a proxy that pays, an agent that buys, and a key that kills the serving tab. */
export async function stayUp(
  network: LocalNetwork,
  options: DemoOptions,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  await story.step('Opening a tab in place of the lost one', () => network.addTab());
  const client = await createPayingAgent(network, '0.90');
  const relay = network.server.url;
  const proxy = await story.step('Starting a proxy that pays', () =>
    startProxyServer({ client, relay, port: options.proxyPort }),
  );
  const events: RelayEvent[] = [];
  network.server.relay.on((event) => {
    if (event.type === 'jobAssigned') events.splice(0, events.length, event);
    if (event.type === 'jobMoved')
      story.say(
        `  moved after ${event.accepted} tokens, on after ${Math.round(event.detectionMs + event.resumptionMs)} ms`,
      );
  });
  const unlisten = listenForKey('k', signal, () => {
    void loseServing(network, events, story)
      .then(() => network.addTab())
      .catch((error: unknown) => story.say(`No tab could be replaced: ${String(error)}`));
  });
  story.invite({ relay, proxy: proxy.url, model: options.model, key: unlisten !== undefined });
  try {
    await buyForEver(network, client, options.model, story, signal);
  } finally {
    unlisten?.();
    await proxy.close(0);
  }
}

/** Small paid jobs, as long as the network is up. */
async function buyForEver(
  network: LocalNetwork,
  client: Client,
  model: string,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const prompt = PROMPTS[i % PROMPTS.length] ?? '';
    try {
      const order = { model, prompt, maxTokens: JOB_TOKENS, temperature: 0.7, signal, fetch: client.fetch };
      const { ids } = await streamChat(network.api, order);
      story.say(`  demo agent: ${ids.length} tokens bought`);
    } catch (error) {
      if (!signal.aborted)
        story.say(`  demo agent: ${error instanceof Error ? error.message : String(error)}`);
    }
    await wait(PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Calls `run` when the key is pressed, where there is a terminal to press it in; Ctrl-C works as ever. */
function listenForKey(key: string, signal: AbortSignal, run: () => void): (() => void) | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  const hear = (data: Buffer): void => {
    const pressed = data.toString();
    if (pressed === key) run();
    if (pressed === '\u0003' && !signal.aborted) process.kill(process.pid, 'SIGINT');
  };
  stdin.setRawMode(true).resume().on('data', hear);
  return () => {
    stdin.off('data', hear).setRawMode(false).pause();
  };
}
