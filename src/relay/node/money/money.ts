import { join } from 'node:path';
import { takesAuthorizations } from '../../../chain/authorization-probe.ts';
import { ChainClient } from '../../../chain/chain-client.ts';
import { readGracePeriod } from '../../../chain/channel.ts';
import { readDecimals, readTokenDomain } from '../../../chain/dollar.ts';
import { readHub } from '../../../chain/hub.ts';
import { type Hex, toHex } from '../../../core/bytes.ts';
import type { Clock } from '../../../core/clock.ts';
import { CodedError } from '../../../core/errors.ts';
import { cryptoRandom } from '../../../core/random.ts';
import { hubIdOf, payoutDigester } from '../../../protocol/money/payout.ts';
import { unitOf } from '../../../protocol/money/price.ts';
import { signDigest } from '../../../protocol/money/signature.ts';
import type { Price } from '../../../protocol/wire/job.ts';
import type { RelayModel } from '../../catalogue.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { createMemoryLedger } from '../../ledger/memory-ledger.ts';
import type { Log } from '../../log.ts';
import { challengeKey } from '../../payments/challenge.ts';
import type { PaymentTerms } from '../../payments/payment-terms.ts';
import type { PaymentSetup } from '../../payments/payments.ts';
import { DEFAULT_PAYOUT_LIMITS, DEMO_PAYOUT_LIMITS } from '../../payouts/payout-limits.ts';
import { createPayouts, type PayoutEvent, type Payouts } from '../../payouts/payouts.ts';
import { type ChainConfiguration, pricePerMillion } from '../configuration.ts';
import type { RelayKey } from '../relay-key.ts';
import { openSqliteLedger } from '../sqlite-ledger.ts';
import { createEvmChannels } from './evm-channels.ts';
import { createEvmSettlement } from './evm-settlement.ts';
import { checkFaucet, isTestChain, LEAST_GRACE_SECONDS } from './test-chains.ts';

const NO_SPONSORING =
  'Agents need gas of their own here: the coin takes no signed authorizations (EIP-3009), or none are sponsored.';

export interface MoneyParts {
  readonly configuration: ChainConfiguration;
  /** Folder of the ledger; without one it lives as long as the process. */
  readonly data: string | undefined;
  readonly key: RelayKey;
  readonly models: readonly RelayModel[];
  readonly clock: Clock;
  readonly log: Log;
  readonly emit: (event: PayoutEvent) => void;
}

/** Both hops of one relay: how agents pay it, and how it pays providers. */
export interface Money {
  readonly payments: PaymentSetup;
  readonly payouts: Payouts;
  readonly ledger: Ledger;
}

/**
 * Connects to the chain, checks that its contracts are what the configuration says, and opens the ledger.
 * @throws CodedError `chain_unreachable`, `chain_refused`, `chain_mismatch`, `hub_not_ours`, `contract_missing`, `decimals_unsupported`,
 * `faucet_refused`, `grace_too_short`, `configuration_invalid`, `store_failed`, `ledger_of_other_money`
 */
export async function openMoney(parts: MoneyParts): Promise<Money> {
  const { clock, configuration, data, emit, key, log, models } = parts;
  const {
    blindMs,
    chainId,
    confirmations,
    confirmMs,
    faucet,
    gasCoinPrice,
    quick,
    rpcUrl,
    sponsoredPerDay,
    watchMs,
  } = configuration;
  if (faucet !== undefined) checkFaucet(chainId);
  const privateKey = toHex(key.privateKey);
  const pollMs = Math.min(watchMs, 1_000);
  const chain = new ChainClient({
    rpcUrl,
    chainId,
    privateKey,
    confirmations,
    clock,
    pollMs,
    patienceMs: confirmMs,
  });
  await chain.checkChain();
  const terms = await readTerms(chain, configuration, key, models);
  if (!terms.feePayer) log.warn({ token: terms.token, sponsoredPerDay }, NO_SPONSORING);
  const hubParts = await readOwnHub(chain, terms);
  const unit = unitOf(terms.tokenDecimals);
  const { escrow, hub, token } = terms;
  const book = `chain ${chainId}, token ${token}, escrow ${escrow}, hub ${hub}`;
  const ledger =
    data === undefined
      ? createMemoryLedger({ unit })
      : await openSqliteLedger(join(data, 'ledger.db'), { unit, book });
  const place = { chainId, contract: hub };
  const digestOf = payoutDigester(hubIdOf(hubParts, place), place);
  const payouts = createPayouts({
    ledger,
    chain: createEvmSettlement(chain, terms, clock),
    clock,
    log,
    hub: { chainId, hub, ...hubParts, unit: String(unit), feeBps: terms.feeBps },
    sign: (payee, cumulativeAmount) => signDigest(digestOf({ payee, cumulativeAmount }), key.privateKey),
    limits: {
      ...(quick ? DEMO_PAYOUT_LIMITS : DEFAULT_PAYOUT_LIMITS),
      ...(gasCoinPrice === undefined ? {} : { gasCoinPrice }),
    },
    emit,
  });
  const payments: PaymentSetup = {
    terms,
    ledger,
    chain: createEvmChannels(chain, terms, clock),
    secret: challengeKey(key.privateKey),
    limits: { watchMs, blindMs, sponsoredPerDay, patienceMs: confirmMs },
    ...(faucet === undefined ? {} : { faucet }),
  };
  return { payments, payouts, ledger };
}

async function readTerms(
  chain: ChainClient,
  configuration: ChainConfiguration,
  key: RelayKey,
  models: readonly RelayModel[],
): Promise<PaymentTerms> {
  const { chainId, confirmations, escrow, feeBps, hub, minDeposit, sponsoredPerDay } = configuration;
  const { suggestedDeposit, token } = configuration;
  for (const [name, at] of Object.entries({ token, escrow, hub })) {
    if ((await chain.code(at)) !== '0x') continue;
    const message = `There is no contract at ${at}, which the setting chain.${name} names, on chain ${chainId}.`;
    throw new CodedError('contract_missing', message, { name, at });
  }
  const { name, version } = await tokenDomain(chain, configuration);
  const account = key.address;
  const domain = { name, version, chainId: BigInt(chainId), verifyingContract: token };
  const sign = (digest: Hex): Hex => signDigest(digest, key.privateKey);
  const nonce = toHex(cryptoRandom.bytes(32));
  const feePayer =
    sponsoredPerDay > 0 &&
    (await takesAuthorizations(chain, token, { account, domain, escrow, nonce, sign }));
  return {
    relay: account,
    feePayer,
    chainId,
    token,
    tokenName: name,
    tokenVersion: version,
    tokenDecimals: await readDecimals(chain, token),
    escrow,
    hub,
    feeBps,
    closeGraceSeconds: await graceOf(chain, escrow, chainId),
    confirmations,
    minDeposit,
    suggestedDeposit,
    prices: pricesOf(configuration, models),
  };
}

/** @throws CodedError `grace_too_short`: there would be no time to settle in */
async function graceOf(chain: ChainClient, escrow: Hex, chainId: number): Promise<number> {
  const seconds = await readGracePeriod(chain, escrow);
  if (seconds >= LEAST_GRACE_SECONDS || isTestChain(chainId)) return seconds;
  const message = `The escrow at ${escrow} lets agents leave after ${seconds} s: at least ${LEAST_GRACE_SECONDS} are needed.`;
  throw new CodedError('grace_too_short', message, { escrow, seconds });
}

async function tokenDomain(
  chain: ChainClient,
  { token, tokenName, tokenVersion }: ChainConfiguration,
): Promise<{ name: string; version: string }> {
  if (tokenName !== undefined && tokenVersion !== undefined)
    return { name: tokenName, version: tokenVersion };
  try {
    return await readTokenDomain(chain, token);
  } catch (cause) {
    const message =
      'The token does not say under which name and version it checks signatures: set them (--token-name, --token-version).';
    throw new CodedError('configuration_invalid', message, { name: 'chain.tokenName' }, cause);
  }
}

/** @throws CodedError `configuration_invalid`: a price for a model that is not here */
function pricesOf(
  { priceOut, pricePrompt, prices }: ChainConfiguration,
  models: readonly RelayModel[],
): ReadonlyMap<string, Price> {
  const all = new Map(models.map(({ id }) => [id, { out: priceOut, prompt: pricePrompt }]));
  for (const setting of prices) {
    const [model = '', both = ''] = setting.split('=');
    const [out, prompt] = both.split('/').map((text) => pricePerMillion.safeParse(text).data);
    if (!all.has(model) || out === undefined || prompt === undefined) {
      const message = `The price "${setting}" can't be used: it must name a model of this relay, as MODEL=OUT/PROMPT.`;
      throw new CodedError('configuration_invalid', message, { name: 'chain.prices' });
    }
    all.set(model, { out, prompt });
  }
  return all;
}

async function readOwnHub(
  chain: ChainClient,
  { hub, relay, token }: PaymentTerms,
): Promise<{ token: Hex; owner: Hex; signer: Hex }> {
  const { hubId: _, ...found } = await readHub(chain, hub);
  if (found.signer === relay && found.token === token) return found;
  const cure =
    found.signer === relay
      ? `Name its coin with --token ${found.token}, or deploy a hub for ${token}.`
      : `Start it with the --data whose key is ${found.signer}, or deploy a hub with --signer ${relay}.`;
  const message = `The hub at ${hub} pays token ${found.token} on the word of ${found.signer}; this relay is ${relay}, its coin ${token}. ${cure}`;
  throw new CodedError('hub_not_ours', message, found);
}
