/**
 * Pins a model of the catalogue that has no manifest yet: downloads it once from its repository, hashes every file, and
 * writes `public/models/ID` and the catalogue. From then on every tab compares what it downloads with that.
 *
 *     npm run pin-model -- qwen3-0.6b --variants q4,q4f16 --context 4096
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type ModelCatalog, parseCatalog } from '../src/protocol/wire/model-catalog.ts';
import { catalogWith } from './models/catalog-entry.ts';
import { readHubRepository } from './models/hub-repository.ts';
import { type Dtype, pinModel } from './models/model-pin.ts';
import { root } from './tool.ts';

const USAGE = `npm run pin-model -- MODEL [--variants q4,q4f16] [--context TOKENS] [--revision COMMIT]

  MODEL       a model of public/catalog.json that has no manifest yet
  --variants  which of its variants (default: all that the catalogue names)
  --context   tokens of prompt and output to offer (default: 4096)
  --revision  a commit, tag or branch (default: what the catalogue says)

Downloads the weights once (gigabytes), to hash them; they are not kept. Run \`npm run build\` afterwards, and let the
page fetch from the repository's host: a relay takes that as one of its model hosts.`;

const catalogFile = join(root, 'public', 'catalog.json');
const catalog: ModelCatalog = parseCatalog(JSON.parse(await readFile(catalogFile, 'utf8')));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    variants: { type: 'string' },
    context: { type: 'string', default: '4096' },
    revision: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const model = catalog.models.find(({ id }) => id === positionals[0]);
const context = Number(values.context);
if (values.help || positionals.length !== 1) stop(USAGE, values.help ? 0 : 2);
if (!model) stop(`The catalogue has no model ${positionals[0]}. It has: ${unpinned().join(', ')}.`, 2);
if (model.pin.rule !== 'first_download')
  stop(`${model.id} has a manifest already: ${model.pin.manifest}.`, 2);
if (model.engine !== 'onnx') stop(`${model.id} is for another engine, which pins its own files.`, 2);
if (!Number.isInteger(context) || context < 2 || context > model.context) {
  stop(`--context is a number from 2 to ${model.context}, the model's own.`, 2);
}
const dtypes = values.variants?.split(',') ?? Object.keys(model.variants);
const unknown = dtypes.filter((dtype) => !(dtype in model.variants));
if (unknown.length > 0) stop(`${model.id} has no variant ${unknown.join(', ')} in the catalogue.`, 2);

const temporary = await mkdtemp(join(tmpdir(), 'afterglow-pin-'));
try {
  const repository = await readHubRepository(
    new URL(model.pin.repository),
    values.revision ?? model.pin.revision,
  );
  console.log(`${repository.name} at ${repository.commit}`);
  const manifest = await pinModel({
    repository,
    model,
    dtypes: dtypes as Dtype[],
    context,
    folder: join(root, 'public', 'models', model.id),
    temporary,
    tell: (line) => console.log(line),
  });
  await writeFile(catalogFile, `${JSON.stringify(catalogWith(catalog, manifest), undefined, 2)}\n`);
  console.log(`public/models/${model.id}/manifest.json and public/catalog.json are written.`);
} finally {
  await rm(temporary, { recursive: true });
}

function unpinned(): string[] {
  return catalog.models.filter(({ pin }) => pin.rule === 'first_download').map(({ id }) => id);
}

function stop(words: string, code: number): never {
  console[code === 0 ? 'log' : 'error'](words);
  process.exit(code);
}
