import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LocalNetwork } from '../../scripts/network/local-network.ts';
import { createPayingAgent } from '../../scripts/network/paying-agent.ts';
import type { Client } from '../../src/sdk/index.ts';
import { LOSS_KINDS, loseOneTab } from '../../scripts/network/loss-round.ts';

const MODEL = 'shakespeare-1m-fp32';

// Forty of these are `npm run bench -- moves`; losses by the hundred are simulated in test/unit/sim/moves.test.ts.
describe('L3, L4, M3, M4: real tabs on wasm, paid for, lost one at a time', () => {
  let network: LocalNetwork;
  let agent: Client;
  beforeAll(async () => {
    network = await LocalNetwork.start({ model: MODEL, backend: 'wasm', slots: 4, paid: true });
    agent = await createPayingAgent(network, '0.90');
    for (let i = 0; i < 3; i++) await network.addTab();
  });
  afterAll(() => network.close());

  it.each(LOSS_KINDS.map((kind, i) => [kind, (i * 0.37) % 1] as const))(
    '%s: no id lost or doubled, each paid once',
    async (kind, moment) => {
      const { moves, problems } = await loseOneTab(network, {
        model: MODEL,
        kind,
        moment,
        streams: 4,
        tokens: 240,
        agent,
      });
      expect(problems).toEqual([]);
      expect(moves.length).toBeGreaterThan(0);
      for (const { detectionMs } of moves) expect(detectionMs).toBeLessThan(5_000);
    },
  );
});
