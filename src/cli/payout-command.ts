import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { CodedError, type ErrorBody } from '../core/errors.ts';
import {
  formatCoins,
  parseVouchers,
  type Redemption,
  redeemVoucher,
  type SavedVoucher,
  type VoucherEntry,
} from '../sdk/index.ts';
import { readKey } from './key-file.ts';
import { describeCall } from './open-call-words.ts';
import { plainJson } from './plain-json.ts';
import { gasKeyOption, rpcOption } from './wallet-options.ts';

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
    .addOption(gasKeyOption('nobody; prints what anybody may send'))
    .option('--dry-run', 'say what the vouchers are worth and what the hub has, and send nothing')
    .option('--json', 'print JSON')
    .action(runRedeem);
  return new Command('payout').description("A provider's payouts.").addCommand(redeem);
}

/** What came of one entry of the file. */
type Told = Partial<Pick<SavedVoucher, 'chainId' | 'hub' | 'payee'>> &
  (Redemption | Elsewhere | { readonly error: ErrorBody });

/** A voucher of another chain than the RPC's, in a file that has some of the RPC's too: for another run. */
interface Elsewhere {
  readonly outcome: { readonly step: 'elsewhere' };
}

/** Each voucher by itself: one that can't be drawn takes nothing from the others. One run draws on one chain. */
async function runRedeem(file: string, { dryRun, gasKeyFile, json, rpcUrl }: RedeemFlags): Promise<void> {
  const entries = parseVouchers(await readVoucherFile(file));
  const gasKey = gasKeyFile === undefined || dryRun ? {} : { gasKey: await readKey(gasKeyFile) };
  const all: Told[] = [];
  for (const entry of entries) {
    const told = 'error' in entry ? { error: entry.error.toBody() } : await redeem(entry.voucher);
    // Somebody who brought gas meant to be paid.
    const isUnpaid = 'outcome' in told && told.outcome.step === 'unfunded' && gasKeyFile !== undefined;
    if ('error' in told || isUnpaid) process.exitCode = 1;
    all.push(told);
    if (!json) console.log(describe(told).join('\n'));
  }
  if (json) console.log(plainJson(all));

  async function redeem(voucher: SavedVoucher): Promise<Told> {
    const { chainId, hub, payee } = voucher;
    try {
      return { chainId, hub, payee, ...(await redeemVoucher({ voucher, rpcUrl, ...gasKey })) };
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      if (isElsewhere(error, entries)) return { chainId, hub, payee, outcome: { step: 'elsewhere' } };
      return { chainId, hub, payee, error: error.toBody() };
    }
  }
}

function isElsewhere({ code, data }: CodedError, entries: readonly VoucherEntry[]): boolean {
  if (code !== 'chain_mismatch') return false;
  return entries.some((entry) => 'voucher' in entry && entry.voucher.chainId === data?.['found']);
}

async function readVoucherFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    const message = `The file of vouchers can't be read (${cause.code}): ${file}.`;
    throw new CodedError('voucher_unreadable', message, { file }, cause);
  });
}

function describe(told: Told): string[] {
  const head =
    told.hub === undefined
      ? 'Not a voucher:'
      : `Hub ${told.hub} on chain ${told.chainId}, for ${told.payee}:`;
  if ('error' in told) return [head, `  ${told.error.message}`];
  if (!('signed' in told))
    return [head, `  Not of this RPC's chain: run it again with an RPC of chain ${told.chainId}.`];
  const { available, coin, decimals, outcome, paid, signed } = told;
  const coins = (amount: bigint): string => formatCoins(amount, decimals);
  const open = signed > paid ? signed - paid : 0n;
  const worth = `  signed ${coins(signed)}, paid ${coins(paid)}: ${coins(open)} ${coin} to come; the hub has ${coins(available)}`;
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
