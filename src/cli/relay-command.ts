import { Command, Option } from 'commander';
import type { RelayConfiguration } from '../relay/node/configuration.ts';
import { type RelayServer, startRelayServer } from '../relay/node/relay-server.ts';

/** `afterglow relay`: flags win over the environment, which wins over the defaults. */
export function relayCommand(): Command {
  return new Command('relay')
    .description('Run a relay: it matches agents with providers, streams tokens and keeps receipts.')
    .addOption(option('--host <address>', 'address to listen on', 'HOST').default('127.0.0.1'))
    .addOption(option('--port <port>', 'port to listen on; 0 takes a free one', 'PORT').default('8787'))
    .addOption(
      option(
        '--data <folder>',
        "folder of the relay's key and receipts (default: kept in memory only)",
        'DATA',
      ),
    )
    .addOption(option('--page <folder>', 'folder of the built page to serve, for example dist', 'PAGE'))
    .addOption(
      option('--models <folder>', 'folder of the models that this relay speaks for', 'MODELS').default(
        'public/models',
      ),
    )
    .addOption(
      option(
        '--model <where>',
        'a further model to speak for: its folder, or the address of its manifest; may be repeated',
        'MODEL',
      ).argParser(collect),
    )
    .addOption(
      option('--free <who>', 'whom to serve for free', 'FREE')
        .choices(['localhost', 'nobody'])
        .default('nobody'),
    )
    .addOption(
      option(
        '--own-key <KEY=0xaccount>',
        "serve who holds KEY for free, on that account's GPU only; may be repeated",
        'OWN_KEYS',
      ).argParser(collect),
    )
    .addOption(
      option(
        '--model-host <origin>',
        'host that the page may fetch models from; may be repeated',
        'MODEL_HOSTS',
      ).argParser(collect),
    )
    .addOption(
      option('--log <level>', 'what to log, to standard error', 'LOG')
        .choices(['error', 'warn', 'info', 'silent'])
        .default('info'),
    )
    .addOption(option('--heartbeat-ms <ms>', 'how often providers send a heartbeat', 'HEARTBEAT_MS'))
    .addOption(option('--lost-ms <ms>', 'least silence that counts as lost', 'LOST_MS'))
    .addOption(option('--lease-ms <ms>', 'most silence that a lease survives', 'LEASE_MS'))
    .addOption(option('--flush-ms <ms>', 'how often providers send tokens', 'FLUSH_MS'))
    .addOption(option('--queue-ms <ms>', 'how long a request waits for a slot', 'QUEUE_MS'))
    .addOption(
      option('--rpc-url <url>', 'RPC of the chain that agents pay on; without it nobody can pay', 'RPC_URL'),
    )
    .addOption(option('--chain-id <id>', 'its id', 'CHAIN_ID'))
    .addOption(option('--token <address>', 'the coin', 'TOKEN'))
    .addOption(option('--escrow <address>', 'PaymentChannel, which holds the deposits', 'ESCROW'))
    .addOption(option('--hub <address>', 'PayoutHub, which pays providers', 'HUB'))
    .addOption(
      option('--token-name <name>', "the coin's EIP-712 name, where it does not say it", 'TOKEN_NAME'),
    )
    .addOption(option('--token-version <version>', 'and its version', 'TOKEN_VERSION'))
    .addOption(option('--price-out <coins>', 'price of a million output tokens (default: 0.10)', 'PRICE_OUT'))
    .addOption(
      option('--price-prompt <coins>', 'price of a million prompt tokens (default: 0.02)', 'PRICE_PROMPT'),
    )
    .addOption(
      option('--price <MODEL=OUT/PROMPT>', 'prices of one model; may be repeated', 'PRICES').argParser(
        collect,
      ),
    )
    .addOption(
      option('--fee-bps <bps>', "the relay's part, in hundredths of a percent (default: 500)", 'FEE_BPS'),
    )
    .addOption(option('--confirmations <blocks>', 'until a deposit counts (default: 2)', 'CONFIRMATIONS'))
    .addOption(option('--blind-ms <ms>', 'age of the newest block at which nothing is accepted', 'BLIND_MS'))
    .addOption(option('--watch-ms <ms>', 'how often to look at the chain', 'WATCH_MS'))
    .addOption(
      option('--confirm-ms <ms>', 'how long to wait for a confirmation (default: 120000)', 'CONFIRM_MS'),
    )
    .addOption(option('--min-deposit <units>', 'least deposit, in base units of the coin', 'MIN_DEPOSIT'))
    .addOption(option('--suggested-deposit <units>', 'deposit to suggest', 'SUGGESTED_DEPOSIT'))
    .addOption(
      option('--sponsored-per-day <n>', 'transactions a day to pay for one agent', 'SPONSORED_PER_DAY'),
    )
    .addOption(option('--faucet <units>', 'give this much of a test coin to whoever asks', 'FAUCET'))
    .addOption(option('--quick', 'vest and pay within seconds: for a chain of this machine', 'QUICK'))
    .option('--json', 'print one JSON line when ready, instead of sentences')
    .action(runRelay);
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(',')];
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`AFTERGLOW_${variable}`);
}

type ChainFlags = Omit<NonNullable<RelayConfiguration['chain']>, 'prices'>;

interface RelayFlags
  extends Omit<RelayConfiguration, 'chain' | 'ownKeys' | 'modelHosts'>, Partial<ChainFlags> {
  readonly price?: string[];
  readonly ownKey?: string[];
  readonly modelHost?: string[];
  readonly json?: boolean;
}

async function runRelay({ json, ownKey, modelHost, ...rest }: RelayFlags): Promise<void> {
  const { chain, others } = chainOf(rest);
  const lists = { ...(ownKey ? { ownKeys: ownKey } : {}), ...(modelHost ? { modelHosts: modelHost } : {}) };
  const server = await startRelayServer({ ...others, ...lists, ...(chain ? { chain } : {}) });
  const { url, models, nativeSignatures } = server;
  const provider = `${url.replace('http', 'ws')}/v1/provider`;
  if (json) console.log(JSON.stringify({ url, provider, models, nativeSignatures }));
  else
    console.log(
      `The relay answers on ${url}/v1 and takes providers on ${provider}.\nIt speaks for ${models.join(', ')}.`,
    );
  closeOnSignal(server);
}

/** What belongs to the chain; nothing where no RPC is named. */
function chainOf(flags: Omit<RelayFlags, 'json' | 'ownKey' | 'modelHost'>): {
  chain: RelayConfiguration['chain'];
  others: Omit<RelayConfiguration, 'chain'>;
} {
  const given: Record<string, unknown> = {};
  const others: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(flags)) {
    if (name === 'price') given['prices'] = value;
    else if (CHAIN_FLAGS.has(name)) given[name] = value;
    else others[name] = value;
  }
  // One of them without the others is a mistake that the configuration names.
  const isNamed = Object.keys(given).length > 0;
  return { chain: isNamed ? (given as unknown as RelayConfiguration['chain']) : undefined, others };
}

const CHAIN_FLAGS: ReadonlySet<string> = new Set([
  'rpcUrl',
  'chainId',
  'token',
  'escrow',
  'hub',
  'tokenName',
  'tokenVersion',
  'priceOut',
  'pricePrompt',
  'feeBps',
  'confirmations',
  'blindMs',
  'watchMs',
  'confirmMs',
  'minDeposit',
  'suggestedDeposit',
  'sponsoredPerDay',
  'faucet',
  'quick',
]);

/** The first signal ends it in order, the second at once. */
function closeOnSignal(server: RelayServer): void {
  let closing = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      void server.close().then(() => process.exit(0));
    });
  }
}
