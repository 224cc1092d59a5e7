import { Command } from 'commander';
import { CodedError } from '../core/errors.ts';
import type { RelayConfiguration } from '../relay/node/configuration.ts';
import { startRelayServer } from '../relay/node/relay-server.ts';
import { withRelayOptions } from './relay-options.ts';
import { endOnSignal } from './stop-signal.ts';

/** `afterglow relay`: flags win over the environment, which wins over the defaults. */
export function relayCommand(): Command {
  const command = new Command('relay').description(
    'Run a relay: it matches agents with providers, streams tokens and keeps receipts.',
  );
  return withRelayOptions(command)
    .option('--json', 'print one JSON line when ready, instead of sentences')
    .action(runRelay);
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
  const server = await startRelayServer({ ...others, ...lists, ...(chain ? { chain } : {}) }).catch(
    (error: unknown) => {
      throw nameFlag(error);
    },
  );
  endOnSignal(json, () => server.close());
  const { address, url, models, nativeSignatures } = server;
  const provider = `${url.replace('http', 'ws')}/v1/provider`;
  if (json) console.log(JSON.stringify({ url, provider, address, models, nativeSignatures }));
  else
    console.log(
      `The relay answers on ${url}/v1 and takes providers on ${provider}.\nIts account is ${address}${chain ? `, which needs gas on chain ${chain.chainId}` : ''}. It speaks for ${models.join(', ')}.`,
    );
}

/** A setting that can't be used, by the flag that it has here: `flag_invalid`, `flag_missing`. */
function nameFlag(error: unknown): unknown {
  if (!(error instanceof CodedError) || error.code !== 'configuration_invalid') return error;
  const { name, problem } = error.data ?? {};
  const flag = flagOf(String(name).replace(/^chain\./, ''));
  const code = problem === 'is missing' ? 'flag_missing' : 'flag_invalid';
  const message = typeof problem === 'string' ? `${flag} ${problem}.` : error.message;
  return new CodedError(code, message, { flag }, error);
}

/** @example flagOf('chainId') // '--chain-id' */
function flagOf(setting: string): string {
  // Those that may be repeated have the name of one.
  const single = ({ ownKeys: 'ownKey', modelHosts: 'modelHost', prices: 'price' } as Record<string, string>)[
    setting
  ];
  return `--${(single ?? setting).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
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
  'gasCoinPrice',
  'minDeposit',
  'suggestedDeposit',
  'sponsoredPerDay',
  'faucet',
  'quick',
]);
