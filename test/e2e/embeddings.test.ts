import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createPayingAgent } from '../../scripts/network/paying-agent.ts';
import { type ProxyServer, startProxyServer } from '../../src/cli/proxy-server.ts';
import type { Client, ClientEvent } from '../../src/sdk/index.ts';
import { ENCODER, readVectors } from '../contract/bundled-encoder.ts';
import { distance, VECTOR_TOLERANCE } from '../contract/embedder-suite.ts';

const MODEL = `${ENCODER}-fp32`;
/** The demo's price in pico a token, the fee in hundredths of a percent. */
const PROMPT = 200_000n;
const FEE_BPS = 500n;

describe('vectors from a tab on wasm, through the openai package, paid', () => {
  const vectors = readVectors();
  const input = vectors.inputs.map(({ text }) => text);
  const tokens = vectors.inputs.reduce((sum, { ids }) => sum + ids.length, 0);
  let network: LocalNetwork;
  let agent: Client;
  let proxy: ProxyServer;
  const checked: ClientEvent[] = [];

  beforeAll(async () => {
    network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', slots: 2, paid: true });
    await network.addTab();
    agent = await createPayingAgent(network);
    agent.on((event) => event.type === 'vectors' && checked.push(event));
    proxy = await startProxyServer({ client: agent, relay: network.server.url, port: 0 });
  }, 120_000);
  afterAll(async () => {
    await proxy.close(0);
    await network.close();
  });

  it('V4 V5 V6 are PyTorch’s, and cost what their tokens cost', async () => {
    const openai = new OpenAI({ baseURL: network.api, apiKey: 'none', fetch: agent.fetch, maxRetries: 0 });
    const { data, usage } = await openai.embeddings.create({ model: MODEL, input });
    expect(usage).toEqual({ prompt_tokens: tokens, total_tokens: tokens });
    expect(data).toHaveLength(input.length);
    for (const [i, { embedding }] of data.entries())
      expect(distance(embedding, vectors.mean.fp32[i]!)).toBeLessThan(VECTOR_TOLERANCE);
    await agent.idle();
    expect(checked).toMatchObject([{ problems: [], cost: BigInt(tokens) * PROMPT }]);
  });

  it('come through the proxy by its base URL alone, cut short and as floats', async () => {
    const openai = new OpenAI({ baseURL: proxy.url, apiKey: 'sk-none', maxRetries: 0 });
    const { dimensions, mean } = vectors.cut;
    const { data } = await openai.embeddings.create({
      model: MODEL,
      input: input.slice(0, mean.length),
      dimensions,
      encoding_format: 'float',
    });
    for (const [i, { embedding }] of data.entries())
      expect(distance(embedding, mean[i]!)).toBeLessThan(VECTOR_TOLERANCE);
  });

  it('the tab says what it made, and is owed its share', async () => {
    const cut = vectors.inputs.slice(0, 2).reduce((sum, { ids }) => sum + ids.length, 0);
    const shares = [tokens, cut].map((count) => (BigInt(count) * PROMPT * (10_000n - FEE_BPS)) / 10_000n);
    const owed = shares.reduce((sum, share) => sum + share, 0n);
    const tab = network.tabs[0]!.tab;
    await expect
      .poll(() => tab.status(), { timeout: 5_000 })
      .toMatchObject({ vectors: input.length + 2, jobs: 2, model: MODEL });
    const earned = async (): Promise<bigint> => {
      const { accrued, vested, paid } = (await tab.status()).income!;
      return BigInt(accrued) + BigInt(vested) + BigInt(paid);
    };
    await expect.poll(earned, { timeout: 10_000 }).toBe(owed);
  }, 15_000);
});
