import { type Command, Option } from 'commander';
import { urlReader } from './flag-values.ts';
import { KEY_VARIABLE } from './key-file.ts';

/** Flags that every command of an agent shares. */
export interface WalletFlags {
  readonly relay: string;
  readonly keyFile?: string;
  readonly state?: string;
}

/** A flag that the environment may set too. */
export function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`AFTERGLOW_${variable}`);
}

/** The chain, for a command that needs nobody else. */
export function rpcOption(): Option {
  return option('--rpc-url <url>', "the chain's RPC", 'RPC_URL')
    .argParser(urlReader('--rpc-url'))
    .makeOptionMandatory();
}

/** @param nobody who pays where none is named, for people */
export function gasKeyOption(nobody: string): Option {
  return option('--gas-key-file <file>', `who pays the gas (default: ${nobody})`, 'GAS_KEY_FILE');
}

/** @param what which relay that is, for people */
export function withRelay(command: Command, what = 'the relay'): Command {
  return command.addOption(
    option('--relay <url>', what, 'RELAY').argParser(urlReader('--relay')).default('http://127.0.0.1:8787'),
  );
}

export function withWallet(command: Command): Command {
  return command.addOption(
    option(
      '--key-file <file>',
      `file of the wallet's key, mode 600 (or the variable ${KEY_VARIABLE})`,
      'KEY_FILE',
    ),
  );
}

export function withState(command: Command): Command {
  return command.addOption(
    option('--state <file>', "file of the channel's state (default: beside the key file)", 'STATE'),
  );
}
