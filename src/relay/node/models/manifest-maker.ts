import { CodedError } from '../../../core/errors.ts';
import { type DecoderFacts, readDecoderFacts } from '../../../protocol/model/decoder-facts.ts';
import { memoryOf } from '../../../protocol/model/decoder-memory.ts';
import { type ModelFile, type ModelManifest, parseManifest } from '../../../protocol/wire/model-manifest.ts';
import { readTokenizer, TEXT_FILES } from '../../../text/tokenizer-files.ts';
import { type ModelConfig, readModelConfig } from './model-config.ts';
import type { ModelSite } from './model-site.ts';

/** Positions that a manifest offers unless told otherwise: a stream's cache is as long, whether it is used or not. */
const CONTEXT = 4096;

/** How the convention's graphs are called. */
const GRAPH = /^(onnx\/)?model(?:_(fp16|q4|q4f16))?\.onnx$/;

export interface ManifestWishes {
  /** Made from the site's name unless given. */
  readonly id?: string;
  readonly name?: string;
  /** As the model's README says it, unless given. */
  readonly license?: string;
  readonly description?: string;
  /** Largest prompt + output. */
  readonly context?: number;
  /** Which of fp32, fp16, q4, q4f16; all that are there unless given. */
  readonly variants?: readonly string[];
}

interface VariantGraph {
  readonly variant: string;
  readonly path: string;
  readonly facts: DecoderFacts;
  /** Paths of the files with its weights. */
  readonly data: readonly string[];
}

/**
 * Makes the manifest of a model that is laid out as those of onnx-community: `config.json`, tokenizer files, and
 * `onnx/model*.onnx` with their data. Sizes are those of the graphs; `config.json` must agree.
 *
 * Errors: `model_file_missing`, `model_config_invalid`, `model_inconsistent`, `graph_invalid`, `model_unsupported`, and
 * those of the site.
 *
 * @param tell called while a file is read for its hash
 */
export async function makeManifest(
  site: ModelSite,
  wishes: ManifestWishes,
  tell: (path: string, bytes: number) => void,
): Promise<{ manifest: ModelManifest; bytes: Uint8Array }> {
  const paths = await site.list();
  const optional = async (path: string): Promise<string | undefined> =>
    paths.includes(path) ? site.text(path) : undefined;
  const config = readModelConfig(await site.text('config.json'), await optional('generation_config.json'));
  const graphs = await readGraphs(site, paths, wishes.variants);
  const sizes = reconcile(config, graphs);
  const texts = TEXT_FILES.filter((path) => paths.includes(path));
  await checkTokenizer(site, texts, sizes.vocab);
  const files: ModelFile[] = [];
  for (const path of [...graphs.flatMap((graph) => [graph.path, ...graph.data]), ...texts]) {
    const url = site.urlOf(path);
    const print = await site.fingerprint(path, (bytes) => tell(path, bytes));
    files.push({ path, ...print, ...(url === undefined ? {} : { url }) });
  }
  const positions = graphs.map(({ facts }) => facts.positions ?? config.positions);
  const context = Math.min(wishes.context ?? CONTEXT, config.positions, ...positions);
  const readme = (await optional('README.md')) ?? '';
  const value = {
    format: 1,
    id: wishes.id ?? idOf(site.name),
    name: wishes.name ?? site.name,
    description: wishes.description ?? '',
    license: wishes.license ?? licenseIn(readme),
    architecture: {
      kind: 'decoder',
      ...sizes,
      heads: config.heads,
      hidden: config.hidden,
      intermediate: config.intermediate,
      parameters: countParameters(config),
    },
    context,
    bosTokenId: config.bosTokenId,
    eosTokenIds: config.eosTokenIds,
    variants: Object.fromEntries(
      graphs.map(({ variant, path, data, facts }) => [
        variant,
        { dtype: variant, graph: path, data, memoryBytes: memoryOf(facts, { ...config, ...sizes }, context) },
      ]),
    ),
    files,
  };
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return { manifest: parseManifest(bytes), bytes };
}

async function readGraphs(
  site: ModelSite,
  paths: readonly string[],
  wanted: readonly string[] | undefined,
): Promise<VariantGraph[]> {
  const graphs: VariantGraph[] = [];
  for (const path of paths) {
    const [matched, folder = '', variant = 'fp32'] = GRAPH.exec(path) ?? [];
    if (matched === undefined || (wanted && !wanted.includes(variant))) continue;
    const facts = await readDecoderFacts(await site.open(path)).catch((error: unknown) => {
      throw error instanceof CodedError ? named(error, path) : error;
    });
    const data = facts.files.map((name) => folder + name.replace(/^\.\//, ''));
    graphs.push({ variant, path, facts, data });
  }
  const missing = (wanted ?? []).filter((variant) => !graphs.some((graph) => graph.variant === variant));
  if (graphs.length > 0 && missing.length === 0) return graphs;
  const what = missing.length > 0 ? missing.join(', ') : 'fp32, fp16, q4 or q4f16';
  const message = `There is no graph for ${what}: they are called model.onnx, model_q4.onnx and so on, in onnx/ or not.`;
  throw new CodedError('model_file_missing', message, { variants: missing });
}

function named(error: CodedError, path: string): CodedError {
  return new CodedError(error.code, `${path}: ${error.message}`, { ...error.data, file: path }, error);
}

type Sizes = Readonly<Record<'layers' | 'kvHeads' | 'headDim' | 'vocab', number>>;

/** The sizes that config and all graphs agree on. */
function reconcile({ layers, kvHeads, headDim, vocab }: ModelConfig, graphs: readonly VariantGraph[]): Sizes {
  const sizes: Sizes = { layers, kvHeads, headDim, vocab };
  for (const { path, facts } of graphs) {
    for (const [name, stated] of Object.entries(sizes)) {
      const found = facts[name as keyof Sizes];
      if (found === undefined || found === stated) continue;
      const message = `${path} has ${name} = ${found}, where config.json says ${stated}.`;
      throw new CodedError('model_inconsistent', message, {
        file: path,
        [name]: { graph: found, config: stated },
      });
    }
  }
  return sizes;
}

/** A relay without the tokenizer can't speak for the model, and one with more tokens than the model asks too much. */
async function checkTokenizer(site: ModelSite, texts: readonly string[], vocab: number): Promise<void> {
  const tokenizer = await readTokenizer(async (path) => (texts.includes(path) ? site.text(path) : undefined));
  if (tokenizer.vocab <= vocab) return;
  const message = `tokenizer.json has ${tokenizer.vocab} tokens, the model ${vocab}: they don't belong together.`;
  throw new CodedError('model_inconsistent', message, { tokenizer: tokenizer.vocab, vocab });
}

function countParameters(config: ModelConfig): number {
  const { layers, hidden, intermediate, heads, kvHeads, headDim, vocab, tied } = config;
  const layer = 2 * hidden * headDim * (heads + kvHeads) + 3 * hidden * intermediate + 2 * hidden;
  return (tied ? 1 : 2) * vocab * hidden + layers * layer + hidden;
}

function idOf(name: string): string {
  const id = name
    .toLowerCase()
    .replace(/[^\w.-]+/g, '-')
    .replace(/-onnx$/, '');
  return id.slice(0, 80) || 'model';
}

/** The license in the front matter of a README, as hubs read it. */
function licenseIn(readme: string): string {
  const matter = /^---\r?\n(.*?)\r?\n---/s.exec(readme)?.[1] ?? '';
  return (/^license:\s*["']?([^"'\r\n]+)/m.exec(matter)?.[1] ?? 'unknown').trim().slice(0, 64);
}
