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
      option('--free <who>', 'whom to serve for free', 'FREE')
        .choices(['localhost', 'nobody'])
        .default('nobody'),
    )
    .addOption(
      option(
        '--own-key <KEY=0xaccount>',
        "serve who holds KEY for free, on that account's GPU only; may be repeated",
        'OWN_KEYS',
      ).argParser((value, before: string[] | undefined) => [...(before ?? []), ...value.split(',')]),
    )
    .addOption(
      option(
        '--model-host <origin>',
        'host that the page may fetch models from; may be repeated',
        'MODEL_HOSTS',
      ).argParser((value, before: string[] | undefined) => [...(before ?? []), ...value.split(',')]),
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
    .option('--json', 'print one JSON line when ready, instead of sentences')
    .action(runRelay);
}

function option(flags: string, description: string, variable: string): Option {
  return new Option(flags, description).env(`AFTERGLOW_${variable}`);
}

interface RelayFlags extends Omit<RelayConfiguration, 'ownKeys' | 'modelHosts'> {
  readonly ownKey?: string[];
  readonly modelHost?: string[];
  readonly json?: boolean;
}

async function runRelay({ json, ownKey, modelHost, ...rest }: RelayFlags): Promise<void> {
  const lists = { ...(ownKey ? { ownKeys: ownKey } : {}), ...(modelHost ? { modelHosts: modelHost } : {}) };
  const server = await startRelayServer({ ...rest, ...lists });
  const { url, models, nativeSignatures } = server;
  const provider = `${url.replace('http', 'ws')}/v1/provider`;
  if (json) console.log(JSON.stringify({ url, provider, models, nativeSignatures }));
  else
    console.log(
      `The relay answers on ${url}/v1 and takes providers on ${provider}.\nIt speaks for ${models.join(', ')}.`,
    );
  closeOnSignal(server);
}

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
