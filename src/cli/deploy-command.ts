import { Command, Option } from 'commander';
import { type Hex, toHex } from '../core/bytes.ts';
import { CodedError } from '../core/errors.ts';
import {
  checkDeployment,
  type Deployment,
  type DeploymentCost,
  type DeploymentOrder,
  makeDeployment,
  rehearseDeployment,
} from '../relay/node/money/deployment.ts';
import { findRelayKey, type RelayKey } from '../relay/node/relay-key.ts';
import { ADDRESS, addressReader, countReader, HASH, pairReader } from './flag-values.ts';
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
        .argParser(countReader('--chain-id'))
        .makeOptionMandatory(),
    )
    .addOption(
      option(
        '--data <folder>',
        "the relay's folder: its key, which must be there, signs payouts",
        'DATA',
      ).default('./relay-data'),
    )
    .option(
      '--signer <address>',
      'who signs payouts, where the key of --data is not at hand',
      addressReader('--signer'),
    )
    .addOption(gasKeyOption("the relay's key"))
    .addOption(
      option('--token <address>', 'the coin (default, on test chains: a new test dollar)', 'TOKEN').argParser(
        addressReader('--token'),
      ),
    )
    .option(
      '--owner <address>',
      "who may take the hub's money out (default: who signs)",
      addressReader('--owner'),
    )
    .option(
      '--grace <seconds>',
      'from a request to close to the withdrawal',
      countReader('--grace'),
      6 * 3_600,
    )
    .option('--confirmations <blocks>', 'until a transaction counts', countReader('--confirmations'), 2)
    .addOption(new Option('--dry-run', 'say what it would do and cost, and send nothing').conflicts('verify'))
    .option(
      '--verify <escrow,hub>',
      'check contracts that are there, and send nothing: with the --token, --grace, --owner and --signer (or --data) that they were deployed with',
      pairReader('--verify', 'two addresses: ESCROW,HUB', ADDRESS),
    )
    .option(
      '--created <escrowtx,hubtx>',
      'for --verify, the transactions that made them: what storage held at first, no other check can see',
      pairReader('--created', 'two hashes of transactions: ESCROWTX,HUBTX', HASH),
    )
    .option('--json', 'print JSON')
    .action(runDeploy);
}

type DeploymentPlan = Omit<DeploymentOrder, 'privateKey'>;

async function runDeploy(flags: DeployFlags): Promise<void> {
  const { chainId, confirmations, created, dryRun, grace, rpcUrl, token, verify } = flags;
  if (created && !verify)
    throw new CodedError('flag_missing', '--created goes with --verify.', { flag: '--verify' });
  const signer = flags.signer ?? (await relayKey(flags)).address;
  const plan: DeploymentPlan = {
    rpcUrl,
    chainId,
    confirmations,
    gracePeriod: grace,
    owner: flags.owner ?? signer,
    signer,
    ...(token === undefined ? {} : { token }),
  };
  if (verify) return verifyThere(plan, verify, flags);
  const order: DeploymentOrder = { ...plan, privateKey: await payingKey(flags) };
  if (dryRun) return tellCost(order, await rehearseDeployment(order), flags);
  tellMade(await makeDeployment(order), flags);
}

function tell({ json }: DeployFlags, value: object, lines: readonly string[]): void {
  console.log(json ? plainJson(value) : lines.join('\n'));
}

/** @throws CodedError `deployment_wrong`, with the flag that asked for something else */
async function verifyThere(
  plan: DeploymentPlan,
  [escrow, hub]: readonly [Hex, Hex],
  flags: DeployFlags,
): Promise<void> {
  const { created, token } = flags;
  if (token === undefined)
    throw new CodedError('token_missing', 'Name the coin of these contracts with --token.');
  const made = created ? { created: { escrow: created[0], hub: created[1] } } : {};
  await checkDeployment(plan, { token, escrow, hub, ...made }).catch((error: unknown) => {
    throw withCure(error, flags);
  });
  tell(flags, { verified: true, token, escrow, hub, isCreationVerified: created !== undefined }, [
    'As planned: the code is this version’s, runs on this chain, and has this grace period, coin, owner and signer.',
    created
      ? 'They were made by this version’s constructors, and nothing else.'
      : 'Not seen: what somebody else’s constructor may have written into storage. --created ESCROWTX,HUBTX shows it.',
  ]);
}

/** An account that has too little is a failure, so that a script does not go on. */
function tellCost(order: DeploymentOrder, cost: DeploymentCost, flags: DeployFlags): void {
  const isShort = cost.balanceWei < cost.neededWei;
  if (isShort) process.exitCode = 1;
  tell(flags, cost, [
    `On chain ${order.chainId}, from ${cost.account} (${cost.balanceWei} wei):`,
    ...cost.contracts.map(({ name, gas }) => `  ${name}: ${gas} gas`),
    `  together ${cost.gas} gas, about ${cost.wei} wei at today's price; the account must have ${cost.neededWei}`,
    `  hub: owner ${order.owner}, signer ${order.signer}; grace period ${order.gracePeriod} s`,
    isShort ? 'The account has too little for it. Nothing was sent.' : 'Nothing was sent.',
  ]);
}

function tellMade(made: Deployment, flags: DeployFlags): void {
  const { chainId, data, rpcUrl, signer } = flags;
  const { created, escrow, hub, token } = made;
  const place = `  --rpc-url ${rpcUrl} --chain-id ${chainId} --token ${token} --escrow ${escrow} --hub ${hub}`;
  tell(flags, made, [
    'Deployed, and read back: code, grace period, coin, owner and signer are as planned.',
    `  coin    ${token}`,
    `  escrow  ${escrow}`,
    `  hub     ${hub}`,
    `  made by ${created.escrow},${created.hub}`,
    'The relay takes payments there with:',
    ...(signer === undefined
      ? [`${place} --data ${data}`]
      : [place, `  and the --data whose key is ${signer}: the hub pays on its word alone`]),
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
