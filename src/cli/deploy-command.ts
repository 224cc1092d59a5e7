import { Command, InvalidArgumentError, Option } from 'commander';
import { type Hex, toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import {
  checkDeployment,
  type DeploymentOrder,
  makeDeployment,
  rehearseDeployment,
} from '../relay/node/money/deployment.ts';
import { findRelayKey, type RelayKey } from '../relay/node/relay-key.ts';
import { readKey } from './key-file.ts';
import { plainJson } from './plain-json.ts';
import { gasKeyOption, option, rpcOption } from './wallet-options.ts';

interface DeployFlags {
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly data: string;
  readonly gasKeyFile?: string;
  readonly token?: Hex;
  readonly signer?: Hex;
  readonly owner?: Hex;
  readonly grace: number;
  readonly confirmations: number;
  readonly dryRun?: boolean;
  readonly verify?: readonly [escrow: Hex, hub: Hex];
  readonly created?: readonly [escrow: Hex, hub: Hex];
  readonly json?: boolean;
}

/** `afterglow deploy`: a relay's contracts, once for each chain and coin. */
export function deployCommand(): Command {
  return new Command('deploy')
    .description('Put the payment contracts on a chain, for a relay to be paid through.')
    .addOption(rpcOption())
    .addOption(
      option('--chain-id <id>', 'which chain it must be', 'CHAIN_ID')
        .argParser(readCount)
        .makeOptionMandatory(),
    )
    .addOption(
      option(
        '--data <folder>',
        "the relay's folder: its key, which must be there, signs payouts",
        'DATA',
      ).default('./relay-data'),
    )
    .option('--signer <address>', 'who signs payouts, where the key of --data is not at hand', readAddress)
    .addOption(gasKeyOption("the relay's key"))
    .addOption(
      option('--token <address>', 'the coin (default, on test chains: a new test dollar)', 'TOKEN').argParser(
        readAddress,
      ),
    )
    .option('--owner <address>', "who may take the hub's money out (default: who signs)", readAddress)
    .option('--grace <seconds>', 'from a request to close to the withdrawal', readCount, 6 * 3_600)
    .option('--confirmations <blocks>', 'until a transaction counts', readCount, 2)
    .addOption(new Option('--dry-run', 'say what it would do and cost, and send nothing').conflicts('verify'))
    .option(
      '--verify <escrow,hub>',
      'check contracts that are there, and send nothing: with the --token, --grace, --owner and --signer (or --data) that they were deployed with',
      readPair,
    )
    .option(
      '--created <escrowtx,hubtx>',
      'for --verify, the transactions that made them: what storage held at first, no other check can see',
      readHashes,
    )
    .option('--json', 'print JSON')
    .action(runDeploy);
}

async function runDeploy(flags: DeployFlags): Promise<void> {
  const { chainId, created, dryRun, grace, json, rpcUrl, token, verify } = flags;
  if (created && !verify)
    throw new CodedError('flag_missing', '--created goes with --verify.', { flag: '--verify' });
  const signer = flags.signer ?? (await relayKey(flags)).address;
  const plan: Omit<DeploymentOrder, 'privateKey'> = {
    rpcUrl,
    chainId,
    confirmations: flags.confirmations,
    gracePeriod: grace,
    owner: flags.owner ?? signer,
    signer,
    ...(token === undefined ? {} : { token }),
  };
  const tell = (value: object, lines: readonly string[]): void =>
    console.log(json ? plainJson(value) : lines.join('\n'));
  if (verify) {
    if (token === undefined)
      throw new CodedError('token_missing', 'Name the coin of these contracts with --token.');
    const [escrow, hub] = verify;
    const made = created ? { created: { escrow: created[0], hub: created[1] } } : {};
    await checkDeployment(plan, { token, escrow, hub, ...made }).catch((error: unknown) => {
      throw withCure(error, flags);
    });
    return tell({ verified: true, token, escrow, hub, isCreationVerified: created !== undefined }, [
      'As planned: the code is this version’s, runs on this chain, and has this grace period, coin, owner and signer.',
      created
        ? 'They were made by this version’s constructors, and nothing else.'
        : 'Not seen: what somebody else’s constructor may have written into storage. --created ESCROWTX,HUBTX shows it.',
    ]);
  }
  const order: DeploymentOrder = { ...plan, privateKey: await payingKey(flags) };
  if (dryRun) {
    const cost = await rehearseDeployment(order);
    if (cost.balanceWei < cost.neededWei) process.exitCode = 1;
    return tell(cost, [
      `On chain ${chainId}, from ${cost.account} (${cost.balanceWei} wei):`,
      ...cost.contracts.map(({ name, gas }) => `  ${name}: ${gas} gas`),
      `  together ${cost.gas} gas, about ${cost.wei} wei at today's price; the account must have ${cost.neededWei}`,
      `  hub: owner ${order.owner}, signer ${order.signer}; grace period ${grace} s`,
      cost.balanceWei < cost.neededWei
        ? 'The account has too little for it. Nothing was sent.'
        : 'Nothing was sent.',
    ]);
  }
  const made = await makeDeployment(order);
  tell(made, [
    'Deployed, and read back: code, grace period, coin, owner and signer are as planned.',
    `  coin    ${made.token}`,
    `  escrow  ${made.escrow}`,
    `  hub     ${made.hub}`,
    `  made by ${made.created.escrow},${made.created.hub}`,
    'The relay takes payments there with:',
    `  --rpc-url ${rpcUrl} --chain-id ${chainId} --token ${made.token} --escrow ${made.escrow} --hub ${made.hub}${flags.signer === undefined ? ` --data ${flags.data}` : ''}`,
    ...(flags.signer === undefined
      ? []
      : [`  and the --data whose key is ${flags.signer}: the hub pays on its word alone`]),
  ]);
}

/** What is not as planned, with the flag that planned it. */
function withCure(error: unknown, { signer }: DeployFlags): unknown {
  if (!(error instanceof CodedError) || error.code !== 'deployment_wrong') return error;
  const { misplaced, parameter, what } = error.data ?? {};
  const flag = {
    gracePeriod: '--grace',
    token: '--token',
    owner: '--owner, else who signs',
    signer: signer === undefined ? 'the key of --data' : '--signer',
  }[String(parameter)];
  const cure = misplaced === true ? 'are the two in this order: ESCROW,HUB?' : flag;
  const message = `Not as planned: ${String(what)}${cure === undefined ? '' : ` (${cure})`}.`;
  return new CodedError(error.code, message, error.data, error);
}

/** A hub's signer and owner are written in stone: never a key that a mistyped folder would make. */
async function relayKey({ data, verify }: DeployFlags): Promise<RelayKey> {
  try {
    return await findRelayKey(data);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'relay_key_missing') throw error;
    const payer = verify ? '' : ', and who pays with --gas-key-file';
    const message = `${error.message} Or name who signs with --signer${payer}.`;
    throw new CodedError(error.code, message, error.data, error);
  }
}

async function payingKey(flags: DeployFlags): Promise<Hex> {
  return flags.gasKeyFile === undefined
    ? toHex((await relayKey(flags)).privateKey)
    : readKey(flags.gasKeyFile);
}

function readAddress(text: string): Hex {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return text.toLowerCase() as Hex;
  throw new InvalidArgumentError('It must be an address: 0x and 40 hex digits.');
}

function readPair(text: string): readonly [Hex, Hex] {
  const [escrow = '', hub = '', ...more] = text.split(',');
  if (more.length > 0) throw new InvalidArgumentError('It must be two addresses: ESCROW,HUB.');
  return [readAddress(escrow), readAddress(hub)];
}

function readHashes(text: string): readonly [Hex, Hex] {
  const [, escrow, hub] = /^(0x[0-9a-f]{64}),(0x[0-9a-f]{64})$/.exec(text.toLowerCase()) ?? [];
  if (escrow && hub) return [escrow as Hex, hub as Hex];
  throw new InvalidArgumentError('It must be two hashes of transactions: ESCROWTX,HUBTX.');
}

function readCount(text: string): number {
  if (/^[1-9]\d*$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a whole number above zero, below 2^53.');
}
