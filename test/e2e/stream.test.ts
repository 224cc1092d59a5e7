import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatResult, fetchReceipt, streamChat } from '../../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import type { JobReceipt } from '../../src/protocol/money/receipt.ts';
import { verifyOpening, verifyReceipt } from '../../src/protocol/money/verify-receipt.ts';
import { decodeLeaf } from '../../src/protocol/wire/chunk.ts';
import { createTestEngine, readModel } from '../contract/bundled-model.ts';
import { EPSILON } from '../../src/protocol/constants.ts';
import { collect, type Output } from '../contract/engine-suite.ts';

const MODEL = 'shakespeare-1m-fp32';
const TOKENS = 200;

/** What a CPU in this process makes of the same order. */
async function reference({ promptIds }: ChatResult, { seed, spec }: JobReceipt): Promise<Output> {
  const { manifest } = await readModel();
  const engine = await createTestEngine();
  try {
    return await collect(
      engine.open({ tokens: promptIds, spec, seed, maxTokens: TOKENS, stopIds: manifest.eosTokenIds }),
    );
  } finally {
    await engine.close();
  }
}

describe.each(['webgpu', 'wasm'] as const)(
  'a stream from a tab on %s, through the openai package',
  (backend) => {
    let network: LocalNetwork;
    let result: ChatResult;
    let receipt: JobReceipt & { openings?: { lease: number; leaves: string[] }[] };

    beforeAll(async () => {
      network = await LocalNetwork.start({ model: MODEL, backend, slots: 2 });
      await network.addTab();
      result = await streamChat(network.api, {
        model: MODEL,
        prompt: 'What news from Rome?',
        maxTokens: TOKENS,
        seed: 7,
        temperature: 0.9,
      });
      receipt = await fetchReceipt(network.api, `${result.job}?openings=1`);
    }, 120_000);
    afterAll(() => network.close());

    it('runs where it says it runs', async () => {
      const { engine } = await network.tabs[0]!.tab.status();
      expect(engine?.backend).toBe(backend);
      if (backend === 'webgpu') expect(engine?.gpuClass).toContain('swiftshader');
    });

    it('A2, A4: has 200 tokens with their ids and an honest finish', () => {
      expect(result.ids).toHaveLength(TOKENS);
      expect(result.finish).toBe('length');
      expect(result.text.length).toBeGreaterThan(TOKENS);
    });

    it('R5: has a receipt that verifies offline against prompt and ids', () => {
      expect(verifyReceipt(receipt, { promptIds: result.promptIds, outputIds: result.ids })).toEqual([]);
      const forged = { ...receipt, outputTokens: TOKENS - 1 };
      expect(verifyReceipt(forged, { outputIds: result.ids })).not.toEqual([]);
    });

    it('C1 to C4: has a signed chunk for every 32 tokens, and its leaves open to their commitments', () => {
      const attempt = receipt.attempts[0]!;
      expect(attempt.chunks.map(({ count }) => count)).toEqual([32, 32, 32, 32, 32, 32, 8]);
      const leaves = receipt.openings![0]!.leaves.map((leaf) => new Uint8Array(Buffer.from(leaf, 'base64')));
      expect(verifyOpening(attempt, leaves, result.ids)).toEqual([]);
      leaves[3]![5]! ^= 1;
      expect(verifyOpening(attempt, leaves, result.ids)).not.toEqual([]);
    });

    it('S3: is what a CPU gives, up to a margin below epsilon, with the same log-probabilities', async () => {
      const expected = await reference(result, receipt);
      const differs = result.ids.findIndex((id, i) => id !== expected.ids[i]);
      if (differs >= 0) expect(expected.samples[differs]!.margin).toBeLessThan(EPSILON);
      const same = differs < 0 ? TOKENS : differs;
      const opened = receipt.openings![0]!.leaves.flatMap((leaf) =>
        decodeLeaf(new Uint8Array(Buffer.from(leaf, 'base64'))),
      );
      for (let i = 0; i < same; i++) {
        expect(Math.abs(opened[i]!.logprob - expected.samples[i]!.logprob)).toBeLessThan(0.01);
      }
    });
  },
);
