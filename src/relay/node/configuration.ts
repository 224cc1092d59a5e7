import { join } from 'node:path';
import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { DEFAULT_TIMING } from '../../protocol/constants.ts';
import { DEFAULT_CONFIRMATIONS, patienceFor } from '../../protocol/money/patience.ts';
import { address } from '../../protocol/wire/fields.ts';
import { DEFAULT_LIMITS } from '../limits.ts';
import { DEFAULT_PAYMENT_LIMITS } from '../payments/payments.ts';

/** A whole number, as one or in digits. */
function whole(least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}`;
  const digits = z
    .string()
    .regex(/^\d{1,16}$/)
    .transform(Number);
  return z
    .union([z.number(), digits], { error })
    .pipe(z.number({ error }).int({ error }).min(least, { error }).max(most, { error }));
}

const milliseconds = whole(1, 3_600_000);

const lowerAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address: 0x and 40 hex digits')
  .transform((text) => text.toLowerCase() as Hex);
const baseUnits = z
  .union(
    [
      z.bigint(),
      z
        .string()
        .regex(/^\d{1,18}$/)
        .transform(BigInt),
    ],
    { error: 'must be a whole number of base units' },
  )
  .refine((value) => value >= 0n);

/** Of Ethereum itself, as the draft asks. */
const ETHEREUM = { chainId: 1, confirmations: 12 };

/** Whole coins for a whole coin of the chain's gas; as pico. */
const coinPrice = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be what a coin of gas is worth in coins, such as 2500 or 0.45')
  .transform((text) => {
    const [whole = '0', part = ''] = text.split('.');
    return BigInt(whole + part.padEnd(12, '0'));
  });

/** Whole coins for a million tokens, to the sixth decimal: a millionth of that is a pico a token. */
const pricePerMillion = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be a price for a million tokens, such as 0.10')
  .transform((text) => {
    const [whole = '0', part = ''] = text.split('.');
    return String(BigInt(whole + part.padEnd(6, '0')));
  });

const chainSchema = z.strictObject({
  rpcUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
  chainId: whole(1, Number.MAX_SAFE_INTEGER),
  token: lowerAddress,
  /** `PaymentChannel` and `PayoutHub`. */
  escrow: lowerAddress,
  hub: lowerAddress,
  /** The token's EIP-712 domain, where it does not say it itself (EIP-5267). */
  tokenName: z.string().max(64).optional(),
  tokenVersion: z.string().max(16).optional(),
  /** Of every model that has no price of its own. */
  priceOut: pricePerMillion.default('100000'),
  pricePrompt: pricePerMillion.default('20000'),
  /** `MODEL=OUT/PROMPT`, as above. */
  prices: z.array(z.string().regex(/^[^=]+=[\d.]+\/[\d.]+$/, 'must be MODEL=OUT/PROMPT')).default([]),
  feeBps: whole(0, 10_000).default(500),
  confirmations: whole(1, 100).optional(),
  /** A newest block older than this, or than half the escrow's grace period, means that the chain can't be seen. */
  blindMs: milliseconds.default(DEFAULT_PAYMENT_LIMITS.blindMs),
  /** How often to look at the chain. */
  watchMs: milliseconds.default(DEFAULT_PAYMENT_LIMITS.watchMs),
  /**
   * How long to wait for a transaction's confirmation. It may still be mined after that: what it was for is read from
   * the chain before it is tried again. Without it as long as the confirmations ask for.
   */
  confirmMs: milliseconds.optional(),
  /** Nobody else here knows it; without it only the flat threshold says when a channel is drawn from. */
  gasCoinPrice: coinPrice.optional(),
  minDeposit: baseUnits.default(100_000n),
  suggestedDeposit: baseUnits.default(1_000_000n),
  /** Transactions a day that the relay pays for one agent. */
  sponsoredPerDay: whole(0, 1_000_000).default(DEFAULT_PAYMENT_LIMITS.sponsoredPerDay),
  /** Base units that the faucet gives: test chains only. */
  faucet: baseUnits.optional(),
  /** Vest and pay within seconds, as on a chain of this machine. */
  quick: z.coerce.boolean().default(false),
});

/** With the confirmations that its chain needs, and the time that they take. */
const readyChainSchema = chainSchema.transform((chain) => {
  const usual = chain.chainId === ETHEREUM.chainId ? ETHEREUM.confirmations : DEFAULT_CONFIRMATIONS;
  const confirmations = chain.confirmations ?? usual;
  return { ...chain, confirmations, confirmMs: chain.confirmMs ?? patienceFor(confirmations) };
});
export type ChainConfiguration = z.output<typeof readyChainSchema>;
export { pricePerMillion };

/** One relay process: what `afterglow relay` reads from flags and environment. */
const configurationSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free one. */
  port: whole(0, 65_535).default(8787),
  /** Folder of the relay's key, ledger and receipts; without one, all of them live as long as the process. */
  data: z.string().min(1).optional(),
  /** Folder of the built page; without one, no page is served. */
  page: z.string().min(1).optional(),
  /** Folder of models; this checkout's, wherever the process was started. */
  models: z
    .string()
    .min(1)
    .default(join(import.meta.dirname, '../../../public/models')),
  /** Further models, each by its folder or by the address of its manifest. */
  model: z.array(z.string().min(1)).default([]),
  /** Who is served for free: `localhost`, or nobody. */
  free: z.enum(['localhost', 'nobody']).default('nobody'),
  /** `KEY=0xaccount`: who holds the bearer key uses that account's provider, free. */
  ownKeys: z
    .array(
      z
        .string()
        .regex(
          /^[^\s=]{8,256}=0x[0-9a-fA-F]{40}$/,
          'must be KEY=0xaccount, with a key of at least 8 characters',
        ),
    )
    .default([]),
  /** Origins beside its own that the page may fetch models from. */
  modelHosts: z
    .array(z.url({ error: 'must be the origin of a host, for example https://huggingface.co' }))
    .default([]),
  /** The chain that agents pay on; without it nobody can pay. */
  chain: readyChainSchema.optional(),
  log: z.enum(['error', 'warn', 'info', 'silent']).default('info'),
  heartbeatMs: milliseconds.optional(),
  leaseMs: milliseconds.optional(),
  lostMs: milliseconds.optional(),
  flushMs: milliseconds.optional(),
  queueMs: milliseconds.optional(),
});
export type RelayConfiguration = z.input<typeof configurationSchema>;
export type ReadyConfiguration = z.output<typeof configurationSchema>;

/**
 * Checks a configuration and fills in what is missing.
 * @throws CodedError `configuration_invalid` {name, problem}: one sentence that names the setting
 */
export function readConfiguration(given: RelayConfiguration): ReadyConfiguration {
  const result = configurationSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : nameOf(issue?.path ?? []);
  const problem = isMissing(given, issue?.path ?? []) ? 'is missing' : `can't be used: ${wordsOf(issue)}`;
  throw new CodedError('configuration_invalid', `The setting "${name}" ${problem}.`, { name, problem });
}

function isMissing(given: unknown, path: readonly PropertyKey[]): boolean {
  const at = path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown>)?.[key], given);
  return path.length > 0 && at === undefined;
}

function wordsOf(issue: { readonly message: string } | undefined): string {
  const words = issue?.message ?? 'is invalid';
  return /^(must|is) /.test(words) ? `it ${words}` : words;
}

/** Numbers that hold where nothing is said, by the names of their settings; times in ms, amounts in base units. */
export function defaultNumbers(): Readonly<Record<string, number | bigint>> {
  const nobody = `0x${'0'.repeat(40)}`;
  const place = { rpcUrl: 'http://localhost', chainId: 8453, token: nobody, escrow: nobody, hub: nobody };
  const {
    blindMs,
    confirmations,
    confirmMs,
    feeBps,
    minDeposit,
    sponsoredPerDay,
    suggestedDeposit,
    watchMs,
  } = readyChainSchema.parse(place);
  const chain = { confirmations, feeBps, minDeposit, sponsoredPerDay, suggestedDeposit };
  const times = { ...DEFAULT_TIMING, queueMs: DEFAULT_LIMITS.queueMs, blindMs, confirmMs, watchMs };
  return { ...times, ...chain };
}

/** Settings of the chain lie one deeper. */
function nameOf([first = '', second]: readonly PropertyKey[]): string {
  return first === 'chain' && second !== undefined ? `chain.${String(second)}` : String(first);
}

/** The keys of `ownKeys` with their accounts. */
export function ownKeysOf({ ownKeys }: ReadyConfiguration): Map<string, z.infer<typeof address>> {
  return new Map(
    ownKeys.map((pair) => {
      const at = pair.lastIndexOf('=');
      return [pair.slice(0, at), address.parse(pair.slice(at + 1).toLowerCase())];
    }),
  );
}
