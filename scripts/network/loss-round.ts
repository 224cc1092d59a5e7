import type { RelayEvent } from '../../src/relay/relay-events.ts';
import { verifyReceipt } from '../../src/protocol/money/verify-receipt.ts';
import { type ChatResult, fetchReceipt, streamChat } from './chat-stream.ts';
import type { LocalNetwork } from './local-network.ts';
import { LossMoney } from './loss-money.ts';
import type { Client } from '../../src/sdk/index.ts';
import type { LossKind } from './provider-tab.ts';

export const LOSS_KINDS: readonly LossKind[] = [
  'page closed',
  'renderer killed',
  'process stopped',
  'network cut',
];

export interface LossRound {
  readonly kind: LossKind;
  readonly moves: readonly { readonly detectionMs: number; readonly resumptionMs: number }[];
  /** What is wrong with the streams of the round; nothing, if all is well. */
  readonly problems: readonly string[];
}

export interface LossOptions {
  readonly model: string;
  readonly kind: LossKind;
  readonly streams: number;
  readonly tokens: number;
  /** In [0, 1): decides when in the round the tab is lost. */
  readonly moment: number;
  /** Who pays, on a paid network. */
  readonly agent?: Client;
}

/**
 * Several streams on three tabs, of which one that serves is lost at a random moment; then a new tab takes its place.
 * Every stream must come to its end with each id once: the relay's receipt, signed by the tabs, is held against what
 * the `openai` client got.
 */
export async function loseOneTab(network: LocalNetwork, options: LossOptions): Promise<LossRound> {
  const { agent, kind, model, moment, streams, tokens } = options;
  const money = agent && new LossMoney();
  const offMoney = network.server.relay.onPayment((event) => money?.hear(event));
  const events: RelayEvent[] = [];
  const off = network.server.relay.on((event) => events.push(event));
  const lossAt = Math.floor(streams * tokens * (0.1 + 0.7 * moment));
  let seen = 0;
  let reached = (): void => {};
  const loss = new Promise<void>((resolve) => (reached = resolve)).then(() =>
    loseServing(network, events, kind),
  );
  const results = await Promise.all(
    Array.from({ length: streams }, (_, i) =>
      streamChat(
        network.api,
        {
          model,
          prompt: `Act ${i + 1}. Speak.`,
          maxTokens: tokens,
          seed: i + 1,
          temperature: 0.9,
          ...(agent ? { fetch: agent.fetch } : {}),
        },
        ({ ids }) => {
          seen += ids.length;
          if (seen >= lossAt) reached();
        },
      ),
    ),
  );
  const lost = await loss;
  await agent?.idle();
  off();
  offMoney();
  await network.remove(lost);
  await network.addTab();
  const problems = (
    await Promise.all(results.map((result) => problemsOf(network, result, tokens, money)))
  ).flat();
  const moves = events.flatMap((event) => (event.type === 'jobMoved' ? [event] : []));
  return { kind, moves, problems };
}

async function loseServing(network: LocalNetwork, events: readonly RelayEvent[], kind: LossKind) {
  const running = new Map<string, string>();
  for (const event of events) {
    if (event.type === 'jobAssigned') running.set(event.job, event.provider);
    if (event.type === 'jobFinished') running.delete(event.job);
  }
  const [serving] = running.values();
  const victim = network.tabs.find(({ account }) => account === serving) ?? network.tabs[0];
  if (!victim) throw new Error('There is no tab to lose.');
  await network.lose(victim, kind);
  return victim;
}

async function problemsOf(
  network: LocalNetwork,
  result: ChatResult,
  tokens: number,
  money: LossMoney | undefined,
): Promise<string[]> {
  const { job, ids, promptIds, finish } = result;
  const receipt = await fetchReceipt(network.api, job);
  const found = verifyReceipt(receipt, { promptIds, outputIds: ids }).map(
    ({ code, lease }) => `${job}: ${code} ${lease ?? ''}`,
  );
  if (finish === 'length' && ids.length !== tokens) found.push(`${job}: ${ids.length} ids, not ${tokens}`);
  return [...found, ...(money?.problemsOf(receipt) ?? [])];
}
