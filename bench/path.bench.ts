import { cpus } from 'node:os';
import { build } from 'vite';
import { streamChat } from '../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../scripts/network/local-network.ts';
import { createPayingAgent } from '../scripts/network/paying-agent.ts';
import type { Client } from '../src/sdk/index.ts';
import { LOSS_KINDS, loseOneTab } from '../scripts/network/loss-round.ts';
import type { ProviderTab } from '../scripts/network/provider-tab.ts';
import type { Benchmark, BenchmarkContext } from './benchmark.ts';
import { ADAPTER_RULE, adapterOf } from './browser-pages.ts';
import { type VoucherTimes, watchVouchers } from './path/voucher-times.ts';
import { median, quantile } from './quantile.ts';

const STREAMS = [1, 4, 8] as const;
const PROMPT = 'Tell me of the wars.';

/**
 * What everything between the engine and the client costs: the same streams in the same tab, once in the bare engine
 * loop and once through worker, socket, relay and SSE, in turns within one run.
 */
export const benchmark: Benchmark = {
  name: 'path',
  description:
    'engine alone against worker + socket + relay + SSE, paid unless --free, at 1, 4 and 8 streams',
  options: {
    backend: ['webgpu', 'wasm'],
    adapter: ADAPTER_RULE,
    model: 'text',
    tokens: 'count',
    pairs: 'count',
    free: 'flag',
  },
  run: runPath,
};

interface Buyer {
  readonly model: string;
  readonly agent: Client | undefined;
}

function payBy(agent: Client | undefined): { fetch?: Client['fetch'] } {
  return agent ? { fetch: agent.fetch } : {};
}

interface Measured {
  readonly bare: number;
  readonly path: number;
}

async function runPath(context: BenchmarkContext) {
  const { options, tell } = context;
  const backend = options['backend'] === 'webgpu' ? 'webgpu' : 'wasm';
  const adapter = adapterOf(context);
  const model = typeof options['model'] === 'string' ? options['model'] : 'shakespeare-1m-fp32';
  const slow = backend === 'webgpu' && adapter === 'software';
  const tokens = Number(options['tokens'] ?? (slow ? 48 : 800));
  const pairs = Number(options['pairs'] ?? (slow ? 3 : 7));
  await build({ logLevel: 'error' });
  const paid = options['free'] !== true;
  const network = await LocalNetwork.start({ model, backend, adapter, slots: 8, paid });
  try {
    const agent = paid ? await createPayingAgent(network, '0.95') : undefined;
    const serving = await network.addTab();
    const { tab } = serving;
    const vouchersOf = paid ? watchVouchers(network, serving) : undefined;
    const { engine, gpu } = await tab.status();
    const prompt = await promptIds(network, model, agent);
    const measured = new Map<number, Measured[]>();
    for (const streams of STREAMS) {
      const rows: Measured[] = [];
      for (let i = 0; i <= pairs; i++) {
        const bare = await bareSpeed(tab, streams, tokens, prompt);
        const path = await pathSpeed(network, { model, agent }, streams, tokens);
        // The first pair warms both up.
        if (i > 0) rows.push({ bare, path });
        tell(
          `${streams} streams, pair ${i}/${pairs}: ${bare.toFixed(1)} bare, ${path.toFixed(1)} path tokens/s`,
        );
      }
      measured.set(streams, rows);
    }
    const added = await addedToFirstToken(network, tab, { model, agent }, prompt, slow ? 10 : 60);
    const vouchers = vouchersOf && (await timeVouchers(network, vouchersOf, { model, agent }, tokens));
    tell('Losing two tabs.');
    const detectMs = await detection(network, { model, agent }, slow ? 32 : 240);
    return report(
      {
        device:
          backend === 'wasm' ? `WebAssembly on ${cpus()[0]?.model ?? 'a processor'}` : (gpu?.name ?? '?'),
        software: engine?.software ?? true,
        backend,
        model,
        tokens,
      },
      measured,
      added,
      detectMs,
      vouchers,
    );
  } finally {
    await network.close();
  }
}

async function promptIds(
  network: LocalNetwork,
  model: string,
  agent: Client | undefined,
): Promise<readonly number[]> {
  const { promptIds: ids } = await streamChat(network.api, {
    model,
    prompt: PROMPT,
    maxTokens: 8,
    ...payBy(agent),
  });
  return ids;
}

/** Tokens per second of the bare loop, from its first token to its last. */
async function bareSpeed(
  tab: ProviderTab,
  streams: number,
  tokens: number,
  prompt: readonly number[],
): Promise<number> {
  const result = await tab.selfTest({ streams, tokens, prompt });
  return ((result.tokens - 1) / (result.totalMs - result.firstTokenMs)) * 1000;
}

/** The same at the client: what it takes to begin is told apart (`addedMs`). */
async function pathSpeed(
  network: LocalNetwork,
  { model, agent }: Buyer,
  streams: number,
  tokens: number,
): Promise<number> {
  let first = 0;
  let before = 0;
  const results = await Promise.all(
    Array.from({ length: streams }, (_, seed) =>
      streamChat(
        network.api,
        { model, prompt: PROMPT, maxTokens: tokens, seed, temperature: 0.9, ...payBy(agent) },
        ({ ids }) => {
          if (first > 0) return;
          first = performance.now();
          before = ids.length;
        },
      ),
    ),
  );
  const count = results.reduce((sum, { ids }) => sum + ids.length, 0);
  return ((count - before) / (performance.now() - first)) * 1000;
}

/** What the path adds to the first token: each request's time, less the bare loop's median. */
async function addedToFirstToken(
  network: LocalNetwork,
  tab: ProviderTab,
  { model, agent }: Buyer,
  prompt: readonly number[],
  count: number,
) {
  const bare: number[] = [];
  const path: number[] = [];
  for (let i = 0; i < count; i++) {
    bare.push((await tab.selfTest({ streams: 1, tokens: 2, prompt })).firstTokenMs);
    const began = performance.now();
    let first = 0;
    await streamChat(
      network.api,
      { model, prompt: PROMPT, maxTokens: 2, seed: i, ...payBy(agent) },
      () => (first ||= performance.now() - began),
    );
    path.push(first);
  }
  return path.map((ms) => ms - median(bare));
}

/** Chunk accepted to voucher durable in the tab, while four streams run. */
async function timeVouchers(
  network: LocalNetwork,
  watch: ReturnType<typeof watchVouchers>,
  buyer: Buyer,
  tokens: number,
): Promise<VoucherTimes> {
  watch.begin();
  await pathSpeed(network, buyer, 4, tokens);
  return watch.stop();
}

async function detection(
  network: LocalNetwork,
  { model, agent }: Buyer,
  tokens: number,
): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const kind of LOSS_KINDS.filter((name) => name === 'renderer killed' || name === 'network cut')) {
    await network.addTab();
    const { moves, problems } = await loseOneTab(network, {
      model,
      kind,
      streams: 2,
      tokens,
      moment: 0.5,
      ...(agent ? { agent } : {}),
    });
    if (problems.length > 0) throw new Error(`A stream did not survive: ${problems.join(', ')}`);
    found[kind] = Math.round(Math.max(...moves.map(({ detectionMs }) => detectionMs)));
  }
  return found;
}

function report(
  facts: Record<string, string | number | boolean>,
  measured: ReadonlyMap<number, readonly Measured[]>,
  added: readonly number[],
  detected: Record<string, number>,
  vouchers: VoucherTimes | undefined,
) {
  const one = (value: number): number => Math.round(value * 10) / 10;
  const table = [...measured].map(([streams, rows]) => ({
    streams,
    bare: one(median(rows.map(({ bare }) => bare))),
    path: one(median(rows.map(({ path }) => path))),
    ratio: Math.round(median(rows.map(({ bare, path }) => path / bare)) * 1000) / 1000,
  }));
  const by = (key: 'bare' | 'path' | 'ratio') =>
    Object.fromEntries(table.map((row) => [row.streams, row[key]]));
  const json = {
    name: 'path',
    ...facts,
    bare: by('bare'),
    path: by('path'),
    ratio: by('ratio'),
    addedMsP50: one(median(added)),
    addedMsP99: one(quantile(added, 0.99)),
    detectMs: Math.max(...Object.values(detected)),
    detected,
    ...(vouchers ? { voucher: vouchers } : {}),
  };
  const { addedMsP50, addedMsP99 } = json;
  return { table: table.map((row) => ({ ...row, addedMsP50, addedMsP99 })), json };
}
