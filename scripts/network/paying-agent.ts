import { askFaucet, type Client, createClient, createPrivateKey } from '../../src/sdk/index.ts';
import type { LocalNetwork } from './local-network.ts';

/** An agent with a new wallet and what the faucet gives; its channel opens with its first request, without gas. */
export async function createPayingAgent(network: LocalNetwork, budget = '0.10'): Promise<Client> {
  const client = createClient({ relay: network.server.url, wallet: createPrivateKey(), budget });
  await askFaucet(network.server.url, client.address);
  return client;
}
