import { Command } from 'commander';
import { askFaucet, fetchTerms, formatCoins } from '../sdk/index.ts';
import { addressReader } from './flag-values.ts';
import { loadWallet } from './key-file.ts';
import { type WalletFlags, withRelay, withWallet } from './wallet-options.ts';

/** `afterglow faucet`: coins of a test network, from its relay. */
export function faucetCommand(): Command {
  const command = new Command('faucet')
    .description('Get coins of a test network from its relay.')
    .option(
      '--address <address>',
      "whom to give them to (default: the wallet's own)",
      addressReader('--address'),
    )
    .option('--json', 'print JSON');
  return withWallet(withRelay(command)).action(
    async ({ address: given, json, keyFile, relay }: WalletFlags & { address?: string; json?: boolean }) => {
      const address = given ?? (await loadWallet(keyFile)).address;
      const { amount, txHash } = await askFaucet(relay, address);
      if (json) return console.log(JSON.stringify({ address, amount: String(amount), txHash }));
      const { tokenDecimals, tokenName } = await fetchTerms(relay);
      console.log(`${address} got ${formatCoins(amount, tokenDecimals)} ${tokenName} (${txHash}).`);
    },
  );
}
