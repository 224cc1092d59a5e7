import { Command } from 'commander';
import { CodedError } from '../core/errors.ts';
import { type Client, createClient, formatCoins } from '../sdk/index.ts';
import { type ChannelFile, channelPath, openChannelFile } from './channel-file.ts';
import { loadWallet } from './key-file.ts';
import { type WalletFlags, withRelay, withState, withWallet } from './wallet-options.ts';

interface ChannelFlags extends WalletFlags {
  readonly json?: boolean;
}

/** `afterglow channel status|close`: for the channel that a proxy kept. */
export function channelCommand(): Command {
  return new Command('channel')
    .description("An agent's payment channel.")
    .addCommand(flagged('status', 'Show what the relay says of the channel.').action(showStatus))
    .addCommand(flagged('close', 'Close the channel: the rest of the deposit comes back.').action(close));
}

function flagged(name: string, description: string): Command {
  const command = new Command(name).description(description).option('--json', 'print JSON');
  return withState(withWallet(withRelay(command)));
}

async function showStatus(flags: ChannelFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const status = await client.status();
    if (!status) throw new CodedError('channel_unknown', 'The relay knows no such channel.');
    if (flags.json) return console.log(plain(status));
    const { tokenDecimals } = await client.terms();
    const coins = (amount: bigint): string => formatCoins(amount, tokenDecimals);
    const { accepted, channelId, deposit, settled, spent, state } = status;
    console.log(`Channel ${channelId} is ${state}.`);
    console.log(`  deposit ${coins(deposit)}, vouchers for ${coins(accepted)}, drawn ${coins(settled)}`);
    console.log(`  spent ${formatCoins(spent, 12)}`);
  });
}

async function close(flags: ChannelFlags): Promise<void> {
  await withClient(flags, async (client) => {
    const closed = await client.close();
    if (!closed) throw new CodedError('channel_missing', 'There is no open channel.');
    if (flags.json) return console.log(plain(closed));
    const { tokenDecimals } = await client.terms();
    const [paid, back] = [closed.settled, closed.refunded].map((amount) =>
      formatCoins(amount, tokenDecimals),
    );
    console.log(`Closed: ${paid} paid, ${back} back.`);
  });
}

/** @throws CodedError `channel_missing`, `channel_in_use`, and those of the wallet */
async function withClient(flags: ChannelFlags, run: (client: Client) => Promise<void>): Promise<void> {
  const { keyFile, relay } = flags;
  const wallet = await loadWallet(keyFile);
  const path = flags.state ?? (keyFile === undefined ? undefined : channelPath(keyFile, relay));
  if (path === undefined)
    throw new CodedError('channel_missing', 'Which channel? Name --key-file or --state.');
  const file: ChannelFile = await openChannelFile(path);
  try {
    if (file.state === undefined) {
      throw new CodedError('channel_missing', `No channel was kept in ${path}.`, { path });
    }
    const save = (state: string): Promise<void> => file.save(state);
    await run(createClient({ relay, wallet, budget: '0', state: file.state, save }));
  } finally {
    await file.close();
  }
}

/** Amounts as decimal strings. */
function plain(value: object): string {
  return JSON.stringify(value, (_name, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
