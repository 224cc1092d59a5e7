import { z } from 'zod';
import { CodedError } from '../../core/errors.ts';

const bytes = z
  .int()
  .min(1)
  .max(2 ** 40);

const variantSchema = z.object({
  /** All files together. Missing where nobody has looked it up yet. */
  downloadBytes: bytes.exactOptional(),
  /** What it needs of a GPU's memory. Missing where it was not measured. */
  memoryBytes: bytes.exactOptional(),
  /** It computes in half precision: only where the GPU has `shader-f16`. */
  f16: z.boolean(),
});

/** How it is made sure that every tab has the same files. */
const pinSchema = z.discriminatedUnion('rule', [
  z.object({
    /** A manifest names each file's size and SHA-256, and every download is compared with it. */
    rule: z.literal('manifest'),
    /** Its address, from the catalogue's own. */
    manifest: z.string().min(1).max(500),
    /** Further folders with the same files, tried in turn. */
    mirrors: z.array(z.url()).max(8),
  }),
  z.object({
    /**
     * No manifest yet. Whoever offers it first downloads `revision`, writes each file's size and SHA-256 into a
     * manifest, and from then on every download is compared with that.
     */
    rule: z.literal('first_download'),
    repository: z.url(),
    /** A commit where one is known; else a branch, to be replaced by its commit at that download. */
    revision: z.string().min(1).max(64),
  }),
]);

const modelSchema = z.object({
  id: z.string().min(1).max(96),
  name: z.string().min(1).max(96),
  description: z.string().max(500),
  engine: z.enum(['onnx', 'webllm']),
  kind: z.enum(['decoder', 'encoder']),
  /** As SPDX writes it where it is there, else as its publisher does. */
  license: z.string().min(1).max(64),
  /** As its name says, for models that are not ours. */
  parameters: z.int().min(1),
  /** Largest prompt + output, in tokens. */
  context: z
    .int()
    .min(2)
    .max(2 ** 20),
  /** It was trained to call tools. */
  tools: z.boolean(),
  /** The most `top_logprobs` that its engine gives; 0 for none. */
  logprobs: z.int().min(0).max(20),
  variants: z.record(z.string().min(1).max(32), variantSchema).refine((all) => Object.keys(all).length > 0),
  pin: pinSchema,
  /** Where the figures are from, for models that are not ours. */
  sources: z.array(z.string().max(300)).exactOptional(),
});

export const modelCatalogSchema = z
  .object({ format: z.literal(1), models: z.array(modelSchema).max(1_000) })
  .refine(
    ({ models }) => new Set(models.map(({ id }) => id)).size === models.length,
    'two models have one id',
  );

export type CatalogModel = z.infer<typeof modelSchema>;
export type ModelCatalog = z.infer<typeof modelCatalogSchema>;

/** `public/catalog.json`: the models that a page knows of, those that it can't offer yet included. @throws CodedError `catalog_invalid` */
export function parseCatalog(value: unknown): ModelCatalog {
  const parsed = modelCatalogSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new CodedError('catalog_invalid', 'The page’s list of models breaks its schema.', { issues });
}

/** The public id of a model's variant: what jobs, prices and receipts call it. */
export function publicId(model: string, variant: string): string {
  return `${model}-${variant}`;
}
