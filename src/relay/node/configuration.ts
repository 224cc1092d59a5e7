import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { address } from '../../protocol/wire/fields.ts';

const milliseconds = z.coerce.number().int().min(1).max(3_600_000).optional();

const lowerAddress = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address')
  .transform((text) => text.toLowerCase() as Hex);
const count = z.coerce.number().int().min(0);
const baseUnits = z
  .union([
    z.bigint(),
    z
      .string()
      .regex(/^\d{1,18}$/, 'must be a whole number of base units')
      .transform(BigInt),
  ])
  .refine((value) => value >= 0n);

/** Whole coins for a million tokens, to the sixth decimal: a millionth of that is a pico a token. */
const pricePerMillion = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,6})?$/, 'must be a price for a million tokens, such as 0.10')
  .transform((text) => {
    const [whole = '0', part = ''] = text.split('.');
    return String(BigInt(whole + part.padEnd(6, '0')));
  });

const chainSchema = z.strictObject({
  rpcUrl: z.url(),
  chainId: z.coerce.number().int().min(1),
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
  feeBps: z.coerce.number().int().min(0).max(10_000).default(500),
  confirmations: z.coerce.number().int().min(1).max(100).default(2),
  /** A newest block older than this means that the chain can't be seen. */
  blindMs: milliseconds.default(30 * 60_000),
  /** How often to look at the chain. */
  watchMs: milliseconds.default(2_000),
  /**
   * How long to wait for a transaction's confirmation. It may still be mined after that: what it was for is read from
   * the chain before it is tried again.
   */
  confirmMs: milliseconds.default(120_000),
  minDeposit: baseUnits.default(100_000n),
  suggestedDeposit: baseUnits.default(1_000_000n),
  /** Transactions a day that the relay pays for one agent. */
  sponsoredPerDay: count.default(50),
  /** Base units that the faucet gives: test chains only. */
  faucet: baseUnits.optional(),
  /** Vest and pay within seconds, as on a chain of this machine. */
  quick: z.coerce.boolean().default(false),
});
export type ChainConfiguration = z.output<typeof chainSchema>;
export { pricePerMillion };

/** One relay process: what `afterglow relay` reads from flags and environment. */
const configurationSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any free one. */
  port: z.coerce.number().int().min(0).max(65_535).default(8787),
  /** Folder of the relay's key and receipts; without one, both live as long as the process. */
  data: z.string().min(1).optional(),
  /** Folder of the built page; without one, no page is served. */
  page: z.string().min(1).optional(),
  models: z.string().min(1).default('public/models'),
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
  modelHosts: z.array(z.url()).default([]),
  /** The chain that agents pay on; without it nobody can pay. */
  chain: chainSchema.optional(),
  log: z.enum(['error', 'warn', 'info', 'silent']).default('info'),
  heartbeatMs: milliseconds,
  leaseMs: milliseconds,
  lostMs: milliseconds,
  flushMs: milliseconds,
  queueMs: milliseconds,
});
export type RelayConfiguration = z.input<typeof configurationSchema>;
export type ReadyConfiguration = z.output<typeof configurationSchema>;

/**
 * Checks a configuration and fills in what is missing.
 * @throws CodedError `configuration_invalid`: one sentence that names the setting
 */
export function readConfiguration(given: RelayConfiguration): ReadyConfiguration {
  const result = configurationSchema.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : nameOf(issue?.path ?? []);
  throw new CodedError(
    'configuration_invalid',
    `The setting "${name}" can't be used: ${issue?.message ?? 'it is invalid'}.`,
    { name },
  );
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
