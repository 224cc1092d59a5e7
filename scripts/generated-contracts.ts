/** What `src/chain/generated` must hold: ABIs and bytecode of the contracts, as TypeScript. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildRelease, type deployed } from './forge.ts';
import { placesByName, readImmutableNames, type References } from './immutable-names.ts';
import { root } from './tool.ts';

/** Contract → the noun that its files and constants start with. */
const contracts = {
  PaymentChannel: 'payment-channel',
  PayoutHub: 'payout-hub',
  TestDollar: 'test-dollar',
} as const satisfies Record<(typeof deployed)[number], string>;

interface Artifact {
  readonly abi: readonly Readonly<Record<string, unknown>>[];
  readonly bytecode: { readonly object: string };
  /** What lies on the chain, with zeros where the constructor writes. */
  readonly deployedBytecode: { readonly object: string; readonly immutableReferences?: References };
}

/** Compiles, and returns the files' texts by path. @throws Error with the compiler's words */
export async function generateContracts(): Promise<Map<string, string>> {
  await buildRelease();
  return (await filesOfRelease()) ?? (await afterBuildingAnew());
}

/** Forge compiles what was changed, and syntax trees of another compilation number their nodes otherwise. */
async function afterBuildingAnew(): Promise<Map<string, string>> {
  await buildRelease({ anew: true });
  const files = await filesOfRelease();
  if (!files) throw new Error('A contract has an immutable that none of its sources declares.');
  return files;
}

/** Undefined where bytecode and syntax trees are not of one compilation. */
async function filesOfRelease(): Promise<Map<string, string> | undefined> {
  const release = join(root, 'contracts', 'out', 'release');
  const names = await readImmutableNames(release);
  const files = new Map<string, string>();
  for (const [contract, noun] of Object.entries(contracts)) {
    const file = join(release, `${contract}.sol`, `${contract}.json`);
    const { abi, bytecode, deployedBytecode } = JSON.parse(await readFile(file, 'utf8')) as Artifact;
    const places = placesByName(deployedBytecode.immutableReferences ?? {}, names);
    if (!places) return undefined;
    const name = noun.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    // Whose code a deployment is checked for: the coin is somebody else's, but on test chains.
    const isOurs = contract !== 'TestDollar';
    const head = `// Made from contracts/src/${contract}.sol by \`npm run build:contracts\`.\n`;
    const entries = abi.map((entry) => `  ${JSON.stringify(entry, withoutInternal)},\n`).join('');
    const runtime = isOurs ? runtimeOf(name, deployedBytecode.object, places) : '';
    files.set(
      `src/chain/generated/${noun}-abi.ts`,
      `${head}export const ${name}Abi = [\n${entries}] as const;\n`,
    );
    files.set(
      `src/chain/generated/${noun}-code.ts`,
      `${head}export const ${name}Code = '${bytecode.object}';\n${runtime}`,
    );
  }
  return files;
}

/** The code that a deployment must have left, and where the constructor wrote each immutable into it, in bytes. */
function runtimeOf(name: string, code: string, places: ReadonlyMap<string, readonly number[]>): string {
  const lines = [...places].map(([immutable, starts]) => `    ${immutable}: [${starts.join(', ')}],\n`);
  return `export const ${name}Runtime = {\n  code: '${code}',\n  immutables: {\n${lines.join('')}  },\n} as const;\n`;
}

/** Solidity's own type names say nothing to a caller. */
function withoutInternal(key: string, value: unknown): unknown {
  return key === 'internalType' ? undefined : value;
}

/** The files that are not as they must be. */
export async function staleFiles(wanted: ReadonlyMap<string, string>): Promise<string[]> {
  const stale: string[] = [];
  for (const [file, text] of wanted) {
    const found = await readFile(join(root, file), 'utf8').catch(() => undefined);
    if (found !== text) stale.push(file);
  }
  return stale;
}

export async function writeFiles(wanted: ReadonlyMap<string, string>): Promise<void> {
  for (const [file, text] of wanted) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
}
