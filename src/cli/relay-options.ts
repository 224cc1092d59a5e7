import type { Command, Option } from 'commander';
import { defaultNumbers } from '../relay/node/configuration.ts';
import { option } from './wallet-options.ts';

/** All that a relay can be told, by flag or by environment. */
export function withRelayOptions(command: Command): Command {
  const defaults = defaultNumbers();
  /** A number that the relay itself fills in. */
  const number = (flags: string, description: string, variable: string): Option => {
    const made = option(flags, description, variable);
    made.description += ` (default: ${defaults[made.attributeName()]})`;
    return made;
  };
  return command
    .addOption(option('--host <address>', 'address to listen on', 'HOST').default('127.0.0.1'))
    .addOption(option('--port <port>', 'port to listen on; 0 takes a free one', 'PORT').default('8787'))
    .addOption(
      option(
        '--data <folder>',
        "folder of the relay's key, ledger and receipts (default: kept in memory only)",
        'DATA',
      ),
    )
    .addOption(option('--page <folder>', 'folder of the built page to serve, for example dist', 'PAGE'))
    .addOption(
      option(
        '--models <folder>',
        "folder of the models that this relay speaks for (default: this checkout's public/models)",
        'MODELS',
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
    .addOption(number('--heartbeat-ms <ms>', 'how often providers send a heartbeat', 'HEARTBEAT_MS'))
    .addOption(number('--lost-ms <ms>', 'least silence that counts as lost', 'LOST_MS'))
    .addOption(number('--lease-ms <ms>', 'most silence that a lease survives', 'LEASE_MS'))
    .addOption(number('--flush-ms <ms>', 'how often providers send tokens', 'FLUSH_MS'))
    .addOption(number('--queue-ms <ms>', 'how long a request waits for a slot', 'QUEUE_MS'))
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
    .addOption(number('--fee-bps <bps>', "the relay's part, in hundredths of a percent", 'FEE_BPS'))
    .addOption(
      number(
        '--confirmations <blocks>',
        'until a deposit counts; 12 on Ethereum itself, else',
        'CONFIRMATIONS',
      ),
    )
    .addOption(number('--blind-ms <ms>', 'age of the newest block at which nothing is accepted', 'BLIND_MS'))
    .addOption(number('--watch-ms <ms>', 'how often to look at the chain', 'WATCH_MS'))
    .addOption(
      number(
        '--confirm-ms <ms>',
        'how long to wait for confirmations; by itself 15000 more for each one beyond 2',
        'CONFIRM_MS',
      ),
    )
    .addOption(
      option(
        '--gas-coin-price <coins>',
        "what a coin of the chain's gas is worth, for example 2500: channels are drawn from where it is worth the gas",
        'GAS_COIN_PRICE',
      ),
    )
    .addOption(number('--min-deposit <units>', 'least deposit, in base units of the coin', 'MIN_DEPOSIT'))
    .addOption(number('--suggested-deposit <units>', 'deposit to suggest', 'SUGGESTED_DEPOSIT'))
    .addOption(
      number('--sponsored-per-day <n>', 'transactions a day to pay for one agent', 'SPONSORED_PER_DAY'),
    )
    .addOption(option('--faucet <units>', 'give this much of a test coin to whoever asks', 'FAUCET'))
    .addOption(option('--quick', 'vest and pay within seconds: for a chain of this machine', 'QUICK'));
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(',')];
}
