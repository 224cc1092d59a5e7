/** `node read-balances.ts RPC TOKEN ACCOUNT…`: what the chain says, as JSON; a process that shares nothing with the relay. */
import { createPublicClient, erc20Abi, http, type Hex } from 'viem';

const [rpcUrl, token, ...accounts] = process.argv.slice(2);
const client = createPublicClient({ transport: http(rpcUrl) });
const balances: Record<string, string> = {};
for (const account of accounts) {
  const call = {
    address: token as Hex,
    abi: erc20Abi,
    functionName: 'balanceOf',
    args: [account as Hex],
  } as const;
  balances[account] = String(await client.readContract(call));
}
console.log(JSON.stringify(balances));
