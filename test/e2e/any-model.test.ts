/** A model that nobody here knows: laid out, described, spoken for by a relay, lent by a tab, bought by an agent. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchReceipt, streamChat } from '../../scripts/network/chat-stream.ts';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createProgram } from '../../src/cli/afterglow.ts';
import { verifyReceipt } from '../../src/protocol/money/verify-receipt.ts';
import { modelRepository } from '../contract/model-repository.ts';

let folder: string;
let network: LocalNetwork;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'afterglow-model-'));
  for (const [path, bytes] of await modelRepository()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), bytes);
  }
  await createProgram().parseAsync(['model', 'manifest', folder, '--id', 'a-model', '--json'], {
    from: 'user',
  });
  network = await LocalNetwork.start({ model: '', backend: 'wasm', configuration: { model: [folder] } });
}, 60_000);
afterAll(async () => {
  await network.close();
  await rm(folder, { recursive: true });
});

it.each(['q4', 'fp16'])('F1 %s goes all the way by its manifest’s address', async (variant) => {
  const { tab } = await network.addTab({
    model: `${network.server.url}/models/a-model/manifest.json#${variant}`,
  });
  const model = `a-model-${variant}`;
  const result = await streamChat(network.api, {
    model,
    prompt: 'Good morrow',
    maxTokens: 20,
    temperature: 0.8,
  });
  expect(result.ids.length).toBeGreaterThan(0);
  expect(['length', 'stop']).toContain(result.finish);
  const { promptIds, ids: outputIds } = result;
  const receipt = await fetchReceipt(network.api, result.job);
  expect(verifyReceipt(receipt, { promptIds, outputIds })).toEqual([]);
  expect((await tab.status()).engine).toMatchObject({ backend: 'wasm' });
});
