import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { type DecoderFacts, readDecoderFacts } from '../../src/protocol/model/decoder-facts.ts';
import type { CatalogModel } from '../../src/protocol/wire/model-catalog.ts';
import { type ModelFile, type ModelManifest, parseManifest } from '../../src/protocol/wire/model-manifest.ts';
import { fetchInto, readFileParts } from './fetched-file.ts';
import type { HubRepository } from './hub-repository.ts';

/** Its files are called after this: `onnx/model_q4.onnx`, with `onnx/model_q4.onnx_data` where weights lie outside. */
export type Dtype = 'fp32' | 'fp16' | 'q4' | 'q4f16';

/** What a relay and a tab need beside the graph; they lie on the page's own server. */
const TEXT_FILES = ['tokenizer.json', 'tokenizer_config.json'];
const FLOAT_BYTES = { float32: 4, float16: 2 } as const;

export interface PinOptions {
  readonly repository: HubRepository;
  readonly model: CatalogModel;
  readonly dtypes: readonly Dtype[];
  /** Tokens of prompt and output that are offered: the cache of a long context takes much memory. */
  readonly context: number;
  /** Where manifest and tokenizer go. */
  readonly folder: string;
  /** Where weights go until they are hashed. */
  readonly temporary: string;
  readonly tell: (line: string) => void;
}

const configSchema = z.object({
  num_hidden_layers: z.int(),
  num_attention_heads: z.int(),
  num_key_value_heads: z.int().optional(),
  head_dim: z.int().optional(),
  hidden_size: z.int(),
  intermediate_size: z.int(),
  vocab_size: z.int(),
  bos_token_id: z.int().nullish(),
  eos_token_id: z.union([z.int(), z.array(z.int())]).nullish(),
});
type Config = z.infer<typeof configSchema>;

/**
 * Downloads a model once, hashes every file and writes the manifest that all later downloads are compared with.
 * @returns the manifest; `manifest.json` and the tokenizer are in the folder
 */
export async function pinModel(options: PinOptions): Promise<ModelManifest> {
  const { repository, folder } = options;
  await mkdir(folder, { recursive: true });
  const config = configSchema.parse({
    ...(await readRemoteJson(repository, 'config.json')),
    ...(await readRemoteJson(repository, 'generation_config.json', {})),
  });
  const files: ModelFile[] = [];
  const variants: Record<string, ModelManifest['variants'][string]> = {};
  for (const dtype of options.dtypes) {
    const weights = await pinWeights(options, dtype);
    files.push(...weights.files);
    variants[dtype] = {
      dtype,
      graph: weights.graph,
      data: weights.files.map(({ path }) => path).filter((path) => path !== weights.graph),
      memoryBytes: memoryOf(weights.facts, config, options.context),
    };
  }
  for (const path of TEXT_FILES) files.push(await pinText(options, path));
  const manifest = describe(options, config, files, variants);
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(join(folder, 'manifest.json'), text);
  return parseManifest(new TextEncoder().encode(text));
}

async function pinWeights(
  { repository, temporary, tell }: PinOptions,
  dtype: Dtype,
): Promise<{ files: ModelFile[]; graph: string; facts: DecoderFacts }> {
  const graph = `onnx/model${dtype === 'fp32' ? '' : `_${dtype}`}.onnx`;
  const paths = [...repository.files.keys()].filter(
    (path) => path === graph || path.startsWith(`${graph}_data`),
  );
  if (!paths.includes(graph)) throw new Error(`${repository.name} has no ${graph}.`);
  const files: ModelFile[] = [];
  let facts: DecoderFacts | undefined;
  for (const path of paths.sort()) {
    const into = join(temporary, basename(path));
    tell(`${path}: downloading and hashing`);
    const said = repository.files.get(path);
    if (!said) continue;
    const { bytes, sha256 } = await fetchInto(repository, said, into);
    if (path === graph) facts = await readFileParts(into, readDecoderFacts);
    await rm(into);
    files.push({ path, bytes, sha256, url: repository.urlOf(path).href });
  }
  if (!facts) throw new Error(`${graph} could not be read.`);
  const named = facts.files.map((name) => join(dirname(graph), name));
  const missing = named.filter((path) => !paths.includes(path));
  if (missing.length > 0) throw new Error(`${graph} wants ${missing.join(', ')}, which is not beside it.`);
  return { files, graph, facts };
}

/** The tokenizer's configuration gets the chat template into it where the repository keeps that in a file of its own. */
async function pinText({ repository, folder }: PinOptions, path: string): Promise<ModelFile> {
  const said = repository.files.get(path);
  if (!said) throw new Error(`${repository.name} has no ${path}.`);
  const into = join(folder, path);
  const fetched = await fetchInto(repository, said, into);
  const template = repository.files.get('chat_template.jinja');
  if (path !== 'tokenizer_config.json' || !template) return { path, ...fetched };
  const config = JSON.parse(await readFile(into, 'utf8')) as object;
  if ('chat_template' in config) return { path, ...fetched };
  await fetchInto(repository, template, into);
  const text = `${JSON.stringify({ ...config, chat_template: await readFile(into, 'utf8') }, undefined, 2)}\n`;
  await writeFile(into, text);
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return { path, bytes: Buffer.byteLength(text), sha256: Buffer.from(hash).toString('hex') };
}

/** Weights, what the runtime copies of them, and the cache of one stream at full context. */
function memoryOf(facts: DecoderFacts, config: Config, context: number): number {
  const { kvHeads, headDim } = shapeOf(config);
  const cache = 2 * config.num_hidden_layers * kvHeads * headDim * context * FLOAT_BYTES[facts.cacheType];
  return facts.weightBytes + facts.copiedBytes + cache;
}

function shapeOf(config: Config): { heads: number; kvHeads: number; headDim: number } {
  const heads = config.num_attention_heads;
  return {
    heads,
    kvHeads: config.num_key_value_heads ?? heads,
    headDim: config.head_dim ?? config.hidden_size / heads,
  };
}

function describe(
  { model, context, repository }: PinOptions,
  config: Config,
  files: readonly ModelFile[],
  variants: ModelManifest['variants'],
): ModelManifest {
  const eos = config.eos_token_id ?? [];
  return {
    format: 1,
    id: model.id,
    name: model.name,
    description: model.description,
    license: model.license,
    architecture: {
      kind: 'decoder',
      layers: config.num_hidden_layers,
      ...shapeOf(config),
      hidden: config.hidden_size,
      intermediate: config.intermediate_size,
      vocab: config.vocab_size,
      parameters: model.parameters,
    },
    context,
    bosTokenId: config.bos_token_id ?? null,
    eosTokenIds: Array.isArray(eos) ? eos : [eos],
    quality: { source: repository.name, commit: repository.commit },
    variants,
    files: [...files],
  };
}

async function readRemoteJson(repository: HubRepository, path: string, missing?: object): Promise<object> {
  if (missing && !repository.files.has(path)) return missing;
  const response = await fetch(repository.urlOf(path));
  if (!response.ok) throw new Error(`${path} answers ${response.status}.`);
  return (await response.json()) as object;
}
