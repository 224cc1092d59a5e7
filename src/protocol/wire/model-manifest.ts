import { keccak_256 } from '@noble/hashes/sha3.js';
import { z } from 'zod';
import { type Hex, toHex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';

/** A path below the manifest's own folder: no scheme, no `..`, no leading slash. */
const filePath = z
  .string()
  .max(256)
  .regex(/^(?!.*(^|\/)\.\.?(\/|$))[\w.-]+(\/[\w.-]+)*$/);

const count = z
  .int()
  .min(1)
  .max(2 ** 31);

const modelFileSchema = z.object({
  path: filePath,
  bytes: z
    .int()
    .min(1)
    .max(2 ** 40),
  /** 64 lower-case hex digits, as `sha256sum` prints them. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** Where it may be had, if not at its path beside the manifest: http or https. */
  url: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .optional(),
});
/** One file of a model, by what it must be; among the model's files it is called by its path. */
export type ModelFile = z.infer<typeof modelFileSchema>;

const sizes = {
  layers: count,
  heads: count,
  headDim: count,
  hidden: count,
  intermediate: count,
  vocab: z
    .int()
    .min(2)
    .max(2 ** 18),
  parameters: count,
};

/** A model that writes. */
const decoderSchema = z.object({ kind: z.literal('decoder'), kvHeads: count, ...sizes });

/** A model that turns texts into vectors. */
const encoderSchema = z
  .object({
    kind: z.literal('encoder'),
    ...sizes,
    /** How its states become one vector of `hidden` numbers: their mean, or the first token's (rule V4). */
    pooling: z.enum(['mean', 'cls']),
    /** Vectors are brought to length 1. */
    normalise: z.boolean(),
    /** Vectors may be cut to as few numbers as this; as many as `hidden` where they can't be cut. */
    leastDimensions: count,
  })
  .refine(({ hidden, leastDimensions }) => leastDimensions <= hidden, 'leastDimensions is above hidden');

const architectureSchema = z.discriminatedUnion('kind', [decoderSchema, encoderSchema]);

const variantSchema = z.object({
  dtype: z.enum(['fp32', 'fp16', 'q4', 'q4f16']),
  graph: filePath,
  /** Files that the graph's weights lie in, if not in itself: it calls them by their paths from its own folder. */
  data: z.array(filePath).max(128).default([]),
  /** What one stream at full context needs, weights included. */
  memoryBytes: z.int().min(1),
});

/**
 * A model as it is published (`manifest.json` beside its files): what receipts name by the hash of its bytes.
 * `files` has every file that any variant needs.
 */
export const modelManifestSchema = z
  .object({
    format: z.literal(1),
    id: z.string().min(1).max(96),
    name: z.string().min(1).max(96),
    description: z.string().max(500),
    license: z.string().max(64),
    architecture: architectureSchema,
    /** Largest prompt + output, in tokens; an encoder's largest input. */
    context: z
      .int()
      .min(2)
      .max(2 ** 20),
    bosTokenId: z.int().min(0).nullable(),
    eosTokenIds: z.array(z.int().min(0)),
    quality: z.record(z.string(), z.unknown()).optional(),
    variants: z.record(z.string().min(1).max(32), variantSchema),
    files: z.array(modelFileSchema).min(1).max(256),
  })
  .refine(({ variants, files }) => {
    const paths = new Set(files.map(({ path }) => path));
    return Object.values(variants).every(({ graph, data }) =>
      [graph, ...data].every((path) => paths.has(path)),
    );
  }, 'a variant names a file that is not among the files');
export type ModelManifest = z.infer<typeof modelManifestSchema>;

/** What a variant needs: its graph with its data and the tokenizer, and nothing of the other variants. */
export function filesOf({ variants, files }: ModelManifest, variant: string): ModelFile[] {
  const pathsOf = ({ graph, data }: ModelManifest['variants'][string]): string[] => [graph, ...data];
  const weights = new Set(Object.values(variants).flatMap(pathsOf));
  const own = variants[variant];
  const wanted = new Set(own ? pathsOf(own) : []);
  return files.filter(({ path }) => !weights.has(path) || wanted.has(path));
}

/** Where a file is to be had. @param manifest the manifest's own address, or that of its folder with a slash */
export function fileUrl({ path, url }: ModelFile, manifest: URL): URL {
  return new URL(url ?? path, manifest);
}

/** How a variant's graph calls a file of its data: relative to the folder that the graph lies in. */
export function nameInGraph(graph: string, path: string): string {
  const folder = graph.slice(0, graph.lastIndexOf('/') + 1);
  return path.startsWith(folder) ? path.slice(folder.length) : path;
}

/** @throws CodedError `manifest_invalid` */
export function parseManifest(bytes: Uint8Array): ModelManifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CodedError('manifest_invalid', 'The model manifest is not JSON.', undefined, cause);
  }
  const parsed = modelManifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CodedError('manifest_invalid', 'The model manifest breaks its schema.', { issues });
}

/** What a `ModelRef` names: the hash of the manifest's very bytes, never of what they mean. */
export function manifestHash(bytes: Uint8Array): Hex {
  return toHex(keccak_256(bytes));
}
