import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { makeManifest, type ManifestWishes } from '../relay/node/models/manifest-maker.ts';
import { openModelSite } from '../relay/node/models/open-site.ts';
import { countReader } from './flag-values.ts';
import { createHashProgress } from './hash-progress.ts';

interface ManifestFlags extends Omit<ManifestWishes, 'context' | 'variants'> {
  readonly variant?: string[];
  readonly context?: number;
  readonly out?: string;
  readonly hub?: string;
  readonly json?: boolean;
}

/** `afterglow model …`: models of others, made ready to be lent. */
export function modelCommand(): Command {
  const manifest = new Command('manifest')
    .description(
      'Write the manifest of a model that is laid out as those of onnx-community: a folder, a repository of the\n' +
        'Hugging Face hub (pinned to its commit of now), or any place on the web. Weights are hashed, never changed.',
    )
    .argument('<where>', 'folder or URL, for example https://huggingface.co/onnx-community/Qwen3-0.6B-ONNX')
    .option('--out <file>', 'where to write it (default: manifest.json in the folder, or NAME/manifest.json)')
    .option('--id <id>', 'public id, before the variant (default: from the name)')
    .option('--name <name>', 'name for people')
    .option('--description <text>', 'one sentence')
    .option('--license <license>', "what its license is (default: as the model's README says)")
    .option(
      '--context <tokens>',
      'largest prompt + output (default: 4096, or what the model can)',
      countReader('--context', 2),
    )
    .option('--variant <dtype>', 'fp32, fp16, q4 or q4f16; may be repeated (default: all there are)', collect)
    .option('--hub <origin>', 'another server with the API of the hub')
    .option('--json', 'print JSON')
    .action(writeManifest);
  return new Command('model').description('Models to be lent.').addCommand(manifest);
}

async function writeManifest(
  where: string,
  { variant, out, hub, json, ...wishes }: ManifestFlags,
): Promise<void> {
  const site = await openModelSite(where, hub);
  const progress = createHashProgress();
  const { manifest, bytes } = await makeManifest(
    site,
    { ...wishes, ...(variant ? { variants: variant } : {}) },
    progress.tell,
  );
  progress.end();
  const file = out ?? join(/^https?:/.test(where) ? manifest.id : where, 'manifest.json');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, bytes);
  const { id, license, context, variants } = manifest;
  if (json) {
    console.log(JSON.stringify({ file, id, license, context, variants: Object.keys(variants) }));
    return;
  }
  console.log(`${file}: ${id} (${license}), ${context} tokens of context.`);
  for (const [name, { memoryBytes }] of Object.entries(variants)) {
    console.log(`  ${id}-${name}: needs ${Math.ceil(memoryBytes / 1e6)} MB for one stream`);
  }
}

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(',')];
}
