import { Command } from 'commander';
import { channelCommand } from './channel-command.ts';
import { deployCommand } from './deploy-command.ts';
import { faucetCommand } from './faucet-command.ts';
import { modelCommand } from './model-command.ts';
import { payoutCommand } from './payout-command.ts';
import { proxyCommand } from './proxy-command.ts';
import { receiptCommand } from './receipt-command.ts';
import { relayCommand } from './relay-command.ts';
import { walletCommand } from './wallet-command.ts';

/** The `afterglow` program: one command for each thing that a person runs. */
export function createProgram(): Command {
  return new Command('afterglow')
    .description('A market for inference on idle GPUs, in the browser.')
    .showHelpAfterError('(--help lists what there is)')
    .addCommand(relayCommand())
    .addCommand(deployCommand())
    .addCommand(proxyCommand())
    .addCommand(modelCommand())
    .addCommand(walletCommand())
    .addCommand(faucetCommand())
    .addCommand(channelCommand())
    .addCommand(payoutCommand())
    .addCommand(receiptCommand());
}
