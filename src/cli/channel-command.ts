import { Command } from 'commander';
import { CodedError } from '../core/errors.ts';
import { type ClientOptions, createClient, formatCoins, leaveChannel } from '../sdk/index.ts';
import { channelPath, keptState, openChannelFile, readChannelFile } from './channel-file.ts';
import { loadWallet, readKey } from './key-file.ts';
import { describeCall } from './open-call-words.ts';
import { plainJson } from './plain-json.ts';
import {
  gasKeyOption,
  rpcOption,
  type WalletFlags,
  withRelay,
  withState,
  withWallet,
} from './wallet-options.ts';

interface ChannelFlags extends WalletFlags {
  readonly json?: boolean;
}

interface LeaveFlags extends ChannelFlags {
  readonly rpcUrl: string;
  readonly gasKeyFile?: string;
}

/** `afterglow channel status|close|leave`: for the channel that a proxy kept. */
export function channelCommand(): Command {
  return new Command('channel')
    .description("An agent's payment channel.")
    .addCommand(flagged('status', 'Show what the relay says of the channel.').action(showStatus))
    .addCommand(flagged('close', 'Close the channel: the rest of the deposit comes back.').action(close))
    .addCommand(
      flagged(
        'leave',
        'Take the rest of the deposit back without the relay, for one that is gone.',
        'the relay that is gone: names the file',
      )
        .addOption(rpcOption())
        .addOption(gasKeyOption('nobody; prints what anybody may send'))
        .action(leave),
    );
}

function flagged(name: string, description: string, relay?: string): Command {
  const command = new Command(name).description(description).option('--json', 'print JSON');
  return withState(withWallet(withRelay(command, relay)));
}

/** Reads only, so that it can be asked while a proxy runs. */
async function showStatus(flags: ChannelFlags): Promise<void> {
  const client = createClient({ ...(await clientOf(flags)), state: await readChannelFile(pathOf(flags)) });
  const status = await client.status();
  if (!status) throw new CodedError('channel_unknown', 'The relay knows no such channel.');
  if (flags.json) return console.log(plainJson(status));
  const { tokenDecimals } = await client.terms();
  const coins = (amount: bigint): string => formatCoins(amount, tokenDecimals);
  const { accepted, channelId, deposit, settled, spent, state } = status;
  console.log(`Channel ${channelId} is ${state}.`);
  console.log(`  deposit ${coins(deposit)}, vouchers for ${coins(accepted)}, drawn ${coins(settled)}`);
  console.log(`  spent ${formatCoins(spent, 12)}`);
}

async function close(flags: ChannelFlags): Promise<void> {
  const options = await clientOf(flags);
  const file = await openChannelFile(pathOf(flags));
  try {
    const client = createClient({ ...options, state: keptState(file), save: (text) => file.save(text) });
    const closed = await client.close();
    if (!closed) throw new CodedError('channel_missing', 'There is no open channel.');
    if (flags.json) return console.log(plainJson(closed));
    const { tokenDecimals } = await client.terms();
    const [paid, back] = [closed.settled, closed.refunded].map((amount) =>
      formatCoins(amount, tokenDecimals),
    );
    console.log(`Closed: ${paid} paid, ${back} back.`);
  } finally {
    await file.close();
  }
}

/** One step each time: it is run again until the deposit is back. */
async function leave(flags: LeaveFlags): Promise<void> {
  const { gasKeyFile, json, keyFile, rpcUrl } = flags;
  const state = await readChannelFile(pathOf(flags));
  const left = await leaveChannel({
    state,
    wallet: await loadWallet(keyFile),
    rpcUrl,
    ...(gasKeyFile === undefined ? {} : { gasKey: await readKey(gasKeyFile) }),
  });
  if (json) return console.log(plainJson(left));
  switch (left.step) {
    case 'waiting':
      console.log(`The escrow pays out from ${timeOf(left.withdrawableAt)} on: run this again then.`);
      return;
    case 'unsent':
      console.log('Nothing was sent: no gas. Anybody may send this, and only you can be paid by it:');
      console.log(describeCall(left.call));
      if (left.lapsesAt !== undefined) {
        console.log(`It does nothing from ${timeOf(left.lapsesAt)} on: run this again for a new one.`);
      }
      return;
    case 'left': {
      const { coin, decimals, refunded, settled } = left;
      const [relays, back] = [settled, refunded].map((amount) => formatCoins(amount, decimals));
      console.log(`Left: ${relays} ${coin} went to the relay, ${back} came back.`);
    }
  }
}

/** @param time Unix seconds */
function timeOf(time: number): string {
  return new Date(time * 1_000).toISOString();
}

/** Pays for nothing: the budget is none. */
async function clientOf({ keyFile, relay }: ChannelFlags): Promise<ClientOptions> {
  return { relay, wallet: await loadWallet(keyFile), budget: '0' };
}

function pathOf({ keyFile, relay, state }: ChannelFlags): string {
  if (state !== undefined) return state;
  if (keyFile !== undefined) return channelPath(keyFile, relay);
  throw new CodedError('flag_missing', 'Which channel? Name --key-file or --state.');
}
