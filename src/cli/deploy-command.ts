import { Command, InvalidArgumentError } from 'commander';
import { type Hex, toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import {
  checkDeployment,
  type DeploymentOrder,
  makeDeployment,
  rehearseDeployment,
} from '../relay/node/money/deployment.ts';
import { loadRelayKey } from '../relay/node/relay-key.ts';
import { readKey } from './key-file.ts';
import { option } from './wallet-options.ts';

interface DeployFlags {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly data: string;
  readonly keyFile?: string;
  readonly token?: Hex;
  readonly owner?: Hex;
  readonly grace: number;
  readonly confirmations: number;
  readonly dryRun?: boolean;
  readonly verify?: readonly [channel: Hex, hub: Hex];
  readonly json?: boolean;
}

/** `afterglow deploy`: a relay's contracts, once for each chain and coin. */
export function deployCommand(): Command {
  return new Command('deploy')
    .description('Put the payment contracts on a chain, for a relay to be paid through.')
    .addOption(option('--rpc-url <url>', "the chain's RPC", 'RPC_URL').makeOptionMandatory())
    .addOption(
      option('--chain-id <id>', 'which chain it must be', 'CHAIN_ID')
        .argParser(readCount)
        .makeOptionMandatory(),
    )
    .addOption(
      option('--data <folder>', "the relay's folder: its key signs payouts", 'DATA').default('./relay-data'),
    )
    .addOption(option('--key-file <file>', "who pays the gas (default: the relay's key)", 'KEY_FILE'))
    .addOption(
      option('--token <address>', 'the coin (default, on test chains: a new test dollar)', 'TOKEN').argParser(
        readAddress,
      ),
    )
    .option('--owner <address>', "who may take the hub's money out (default: the relay)", readAddress)
    .option('--grace <seconds>', 'from a request to close to the withdrawal', readCount, 6 * 3_600)
    .option('--confirmations <blocks>', 'until a transaction counts', readCount, 2)
    .option('--dry-run', 'say what it would do and cost, and send nothing')
    .option(
      '--verify <channel,hub>',
      'check contracts that are there (with --token), and send nothing',
      readPair,
    )
    .option('--json', 'print JSON')
    .action(runDeploy);
}

async function runDeploy(flags: DeployFlags): Promise<void> {
  const { chainId, confirmations, data, dryRun, grace, json, keyFile, rpcUrl, token, verify } = flags;
  const relay = await loadRelayKey(data);
  const order: DeploymentOrder = {
    rpcUrl,
    chainId,
    confirmations,
    privateKey: keyFile === undefined ? toHex(relay.privateKey) : await readKey(keyFile),
    gracePeriod: grace,
    owner: flags.owner ?? relay.address,
    signer: relay.address,
    ...(token === undefined ? {} : { token }),
  };
  const tell = (value: object, lines: readonly string[]): void =>
    console.log(json ? plain(value) : lines.join('\n'));
  if (verify) {
    if (token === undefined)
      throw new CodedError('token_missing', 'Name the coin of these contracts with --token.');
    const [channel, hub] = verify;
    await checkDeployment(order, { token, channel, hub });
    return tell({ verified: true, token, channel, hub }, [
      'As planned: the code is this version’s, and so are grace period, coin, owner and signer.',
    ]);
  }
  if (dryRun) {
    const cost = await rehearseDeployment(order);
    return tell(cost, [
      `On chain ${chainId}, from ${cost.account} (${cost.balanceWei} wei):`,
      ...cost.contracts.map(({ name, gas }) => `  ${name}: ${gas} gas`),
      `  together ${cost.gas} gas, about ${cost.wei} wei at today's price`,
      `  hub: owner ${order.owner}, signer ${order.signer}; grace period ${grace} s`,
      cost.balanceWei < cost.wei
        ? 'The account has too little for it. Nothing was sent.'
        : 'Nothing was sent.',
    ]);
  }
  const made = await makeDeployment(order);
  tell(made, [
    'Deployed, and read back: code, grace period, coin, owner and signer are as planned.',
    `  coin    ${made.token}`,
    `  escrow  ${made.channel}`,
    `  hub     ${made.hub}`,
    'The relay takes payments there with:',
    `  --rpc-url ${rpcUrl} --chain-id ${chainId} --token ${made.token} --escrow ${made.channel} --hub ${made.hub}`,
  ]);
}

function readAddress(text: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as Hex;
  throw new InvalidArgumentError('It must be an address: 0x and 40 hex digits.');
}

function readPair(text: string): readonly [Hex, Hex] {
  const [channel = '', hub = '', ...more] = text.split(',');
  if (more.length > 0) throw new InvalidArgumentError('It must be two addresses: CHANNEL,HUB.');
  return [readAddress(channel), readAddress(hub)];
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above zero.');
}

function plain(value: object): string {
  return JSON.stringify(value, (_name, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
