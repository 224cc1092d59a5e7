/**
 * Pins a model of the catalogue that has no manifest yet: downloads it once from its repository, hashes every file, and
 * writes `public/models/ID` and the catalogue. From then on every tab compares what it downloads with that.
 *
 *     npm run pin-model -- smollm2-135m --variants q4 --context 4096
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createHashProgress } from '../src/cli/hash-progress.ts';
import { CodedError } from '../src/core/errors.ts';
import { type ModelCatalog, parseCatalog } from '../src/protocol/wire/model-catalog.ts';
import { openHubSite, parseHubAddress } from '../src/relay/node/models/hub-site.ts';
import { readCommandLine } from './command-line.ts';
import { catalogWith } from './models/catalog-entry.ts';
import { pinModel } from './models/model-pin.ts';
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
const { values, positionals } = readCommandLine({
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
const variants = values.variants?.split(',') ?? Object.keys(model.variants);
const unknown = variants.filter((variant) => !(variant in model.variants));
if (unknown.length > 0) stop(`${model.id} has no variant ${unknown.join(', ')} in the catalogue.`, 2);

const repository = new URL(model.pin.repository);
const address = parseHubAddress(repository, repository.origin);
if (!address) stop(`${repository.href} is no repository of a hub.`, 2);
const revision = values.revision ?? model.pin.revision;
const site = await openHubSite({ ...address, revision }, repository.origin).catch(explain);
console.log(`Reading ${site.urlOf('')}`);
const progress = createHashProgress();
const folder = join(root, 'public', 'models', model.id);
const options = { site, model, variants, context, folder, tell: progress.tell };
const manifest = await pinModel(options).catch(explain);
progress.end();
await writeFile(catalogFile, `${JSON.stringify(catalogWith(catalog, manifest), undefined, 2)}\n`);
console.log(`public/models/${model.id}/manifest.json and public/catalog.json are written.`);

function unpinned(): string[] {
  return catalog.models
    .filter(({ engine, pin }) => engine === 'onnx' && pin.rule === 'first_download')
    .map(({ id }) => id);
}

function explain(error: unknown): never {
  if (error instanceof CodedError) stop(`${error.message} (${error.code})`, 1);
  throw error;
}

function stop(words: string, code: number): never {
  console[code === 0 ? 'log' : 'error'](words);
  process.exit(code);
}
