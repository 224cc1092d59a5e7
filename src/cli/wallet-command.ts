import { Command } from 'commander';
import { createKeyFile, loadWallet } from './key-file.ts';
import { withWallet } from './wallet-options.ts';

/** `afterglow wallet …`: keys are written to files and never shown. */
export function walletCommand(): Command {
  const create = new Command('new')
    .description('Make a wallet: a new file with its key, readable by you only.')
    .argument('<file>', 'where to keep the key')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const { address } = await createKeyFile(file);
      console.log(
        json ? JSON.stringify({ address, file }) : `${address}, its key is in ${file}. Keep a copy.`,
      );
    });
  const address = withWallet(
    new Command('address').description("Print a wallet's address.").argument('[file]', 'its key file'),
  )
    .option('--json', 'print JSON')
    .action(async (file: string | undefined, flags: { keyFile?: string; json?: boolean }) => {
      const { address: found } = await loadWallet(file ?? flags.keyFile);
      console.log(flags.json ? JSON.stringify({ address: found }) : found);
    });
  return new Command('wallet').description("An agent's wallet.").addCommand(create).addCommand(address);
}
