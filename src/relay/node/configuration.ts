import { z } from 'zod';
import { CodedError } from '../../core/errors.ts';
import { address } from '../../protocol/wire/fields.ts';

const milliseconds = z.coerce.number().int().min(1).max(3_600_000).optional();

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
  const name = issue?.code === 'unrecognized_keys' ? issue.keys.join(', ') : String(issue?.path[0] ?? '');
  throw new CodedError(
    'configuration_invalid',
    `The setting "${name}" can't be used: ${issue?.message ?? 'it is invalid'}.`,
    { name },
  );
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
