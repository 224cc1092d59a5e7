import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { CodedError, type ErrorBody } from '../core/errors.ts';
import {
  formatCoins,
  parseVouchers,
  type Redemption,
  redeemVoucher,
  type SavedVoucher,
} from '../sdk/index.ts';
import { readKey } from './key-file.ts';
import { describeCall } from './open-call-words.ts';
import { plainJson } from './plain-json.ts';
import { rpcOption } from './wallet-options.ts';

interface RedeemFlags {
  readonly rpcUrl: string;
  readonly gasKeyFile?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `afterglow payout redeem`: a provider's money, where its relay is gone. */
export function payoutCommand(): Command {
  const redeem = new Command('redeem')
    .description('Draw what a relay signed for, without the relay: its hub pays the payee of each voucher.')
    .argument('<file>', 'the vouchers that the page saved ("Save vouchers")')
    .addOption(rpcOption())
    .option('--gas-key-file <file>', 'who pays the gas (default: nobody; prints what anybody may send)')
    .option('--dry-run', 'say what the vouchers are worth and what the hub has, and send nothing')
    .option('--json', 'print JSON')
    .action(runRedeem);
  return new Command('payout').description("A provider's payouts.").addCommand(redeem);
}

/** What came of one voucher. */
type Told = Pick<SavedVoucher, 'chainId' | 'hub' | 'payee'> & (Redemption | { readonly error: ErrorBody });

/** Each voucher by itself: one that can't be drawn takes nothing from the others. */
async function runRedeem(file: string, { dryRun, gasKeyFile, json, rpcUrl }: RedeemFlags): Promise<void> {
  const vouchers = parseVouchers(await readVoucherFile(file));
  const gasKey = gasKeyFile === undefined || dryRun ? {} : { gasKey: await readKey(gasKeyFile) };
  const all: Told[] = [];
  for (const voucher of vouchers) {
    const { chainId, hub, payee } = voucher;
    const told = await redeemVoucher({ voucher, rpcUrl, ...gasKey }).catch((error: unknown) => {
      if (!(error instanceof CodedError)) throw error;
      process.exitCode = 1;
      return { error: error.toBody() };
    });
    // Somebody who brought gas meant to be paid.
    if ('outcome' in told && told.outcome.step === 'unfunded' && gasKeyFile !== undefined)
      process.exitCode = 1;
    all.push({ chainId, hub, payee, ...told });
    if (!json) console.log(describe(all.at(-1) as Told).join('\n'));
  }
  if (json) console.log(plainJson(all));
}

async function readVoucherFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `The file of vouchers can't be read (${cause.code}): ${file}.`;
    throw new CodedError('voucher_unreadable', message, { file }, cause);
  });
}

function describe(told: Told): string[] {
  const head = `Hub ${told.hub} on chain ${told.chainId}, for ${told.payee}:`;
  if ('error' in told) return [head, `  ${told.error.message}`];
  const { available, outcome, paid, signed } = told;
  const coins = (amount: bigint): string => formatCoins(amount, told.decimals);
  const open = signed > paid ? signed - paid : 0n;
  const worth = `  signed ${coins(signed)}, paid ${coins(paid)}: ${coins(open)} to come; the hub has ${coins(available)}`;
  switch (outcome.step) {
    case 'redeemed':
      return [head, worth, `  Redeemed, by transaction ${outcome.transaction}.`];
    case 'spent':
      return [head, worth, '  All of it was paid: there is nothing to redeem.'];
    case 'unfunded':
      return [
        head,
        worth,
        '  The hub has too little: it pays a voucher whole or not at all. Keep it, it never expires.',
      ];
    case 'unsent':
      return [
        head,
        worth,
        '  Nothing was sent. Anybody may send this, and only the payee can be paid by it:',
        describeCall(outcome.call),
      ];
  }
}
