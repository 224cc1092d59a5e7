import { Command } from 'commander';
import { CodedError } from '../core/errors.ts';
import { type Client, type ClientEvent, createClient, formatCoins } from '../sdk/index.ts';
import { channelPath, openChannelFile } from './channel-file.ts';
import { readCoins, readContracts, readMaxPrice, readPort } from './flag-values.ts';
import { loadWallet } from './key-file.ts';
import { startProxyServer } from './proxy-server.ts';
import { endOnSignal } from './stop-signal.ts';
import { option, type WalletFlags, withRelay, withState, withWallet } from './wallet-options.ts';

/** `afterglow proxy`: makes any OpenAI client pay, by its base URL alone. */
export function proxyCommand(): Command {
  const command = new Command('proxy')
    .description('Run an OpenAI-compatible server on this machine that pays a relay for each answer.')
    .addOption(option('--host <address>', 'address to listen on', 'PROXY_HOST').default('127.0.0.1'))
    .addOption(
      option('--port <port>', 'port to listen on; 0 takes a free one', 'PROXY_PORT')
        .argParser(readPort)
        .default(8788),
    )
    .addOption(option('--budget <coins>', 'most that it may spend, in whole coins', 'BUDGET').default('1.00'))
    .addOption(option('--deposit <coins>', 'to open the channel with (default: the budget)', 'DEPOSIT'))
    .addOption(
      option(
        '--max-price <out/prompt>',
        'highest prices, in coins per million tokens, for example 0.50/0.10',
        'MAX_PRICE',
      ),
    )
    .addOption(
      option('--contracts <chain:escrow:token>', 'the only contracts that may hold the deposit', 'CONTRACTS'),
    )
    .option('--close', 'close the channel at the end, and get the rest of the deposit back')
    .option('--json', 'print one JSON line when ready, instead of sentences');
  return withState(withWallet(withRelay(command))).action(runProxy);
}

interface ProxyFlags extends WalletFlags {
  readonly host: string;
  readonly port: number;
  readonly budget: string;
  readonly deposit?: string;
  readonly maxPrice?: string;
  readonly contracts?: string;
  readonly close?: boolean;
  readonly json?: boolean;
}

async function runProxy(flags: ProxyFlags): Promise<void> {
  const { close, host, json, keyFile, port, relay } = flags;
  const budget = readCoins('--budget', flags.budget);
  const deposit = flags.deposit === undefined ? undefined : readCoins('--deposit', flags.deposit);
  const maxPrice = readMaxPrice(flags.maxPrice);
  const contracts = readContracts(flags.contracts);
  const wallet = await loadWallet(keyFile);
  const path = flags.state ?? (keyFile === undefined ? undefined : channelPath(keyFile, relay));
  const file = path === undefined ? undefined : await openChannelFile(path);
  try {
    const client = createClient({
      relay,
      wallet,
      budget,
      ...(deposit === undefined ? {} : { deposit }),
      ...(maxPrice ? { maxPrice } : {}),
      ...(contracts ? { contracts } : {}),
      ...(file ? { save: (state: string) => file.save(state) } : {}),
      ...(file?.state === undefined ? {} : { state: file.state }),
    });
    const decimals = await decimalsOf(client);
    client.on((event) => tell(event, decimals ?? 0));
    const server = await startProxyServer({
      client,
      relay: relay.replace(/\/+$/, '').replace(/\/v1$/, ''),
      host,
      port,
    });
    const payments = decimals !== undefined;
    endOnSignal(json, async () => {
      await server.close();
      try {
        // Without a file the channel would be forgotten with its deposit.
        if (payments && (close || !file)) await client.close();
      } finally {
        await file?.close();
      }
    });
    const { address } = wallet;
    const deed = payments
      ? `pays ${relay} with up to ${budget} from ${address}`
      : `asks ${relay}, which takes no payments: nothing is paid`;
    if (json) console.log(JSON.stringify({ url: server.url, relay, address, budget, payments }));
    else console.log(`${server.url} answers OpenAI clients, and ${deed}.`);
  } catch (error) {
    await file?.close();
    throw error;
  }
}

/** The coin's decimals; undefined where the relay takes no payments, and the proxy only passes on. */
async function decimalsOf(client: Client): Promise<number | undefined> {
  try {
    return (await client.terms()).tokenDecimals;
  } catch (error) {
    if (error instanceof CodedError && error.code === 'payment_unsupported') return undefined;
    throw error;
  }
}

/** Counts and amounts, never contents. */
function tell(event: ClientEvent, decimals: number): void {
  const coins = (amount: bigint): string => formatCoins(amount, decimals);
  if (event.type === 'problem') console.error(`${event.error.code}: ${event.error.message}`);
  if (event.type === 'opened')
    console.error(`Channel ${event.channelId} is open with ${coins(event.deposit)}.`);
  if (event.type === 'receipt') {
    const { cost, job, problems, receipt } = event;
    console.error(
      `${job}: ${receipt.outputTokens} tokens, ${formatCoins(cost, 12)}, ${verdictOf(problems)}.`,
    );
  }
  if (event.type === 'vectors') {
    const { cost, job, problems, receipt } = event;
    const made = `${receipt.inputs} vectors of ${receipt.tokens} tokens`;
    console.error(`${job}: ${made}, ${formatCoins(cost, 12)}, ${verdictOf(problems)}.`);
  }
  if (event.type === 'closed')
    console.error(`Channel closed: ${coins(event.settled)} paid, ${coins(event.refunded)} back.`);
}

function verdictOf(problems: readonly string[]): string {
  return problems.length === 0 ? 'receipt valid' : `RECEIPT WRONG (${problems.join(', ')})`;
}
