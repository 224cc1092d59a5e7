import { Command } from 'commander';
import { relayCommand } from './relay-command.ts';

/** The `afterglow` program: one command for each thing that a person runs. */
export function createProgram(): Command {
  return new Command('afterglow')
    .description('A market for inference on idle GPUs, in the browser.')
    .showHelpAfterError('(--help lists what there is)')
    .addCommand(relayCommand());
}
