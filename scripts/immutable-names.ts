/** Which immutable the compiler means by the number under which it lists places in the bytecode. */
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Places of each immutable in a contract's runtime code, in bytes, by the number of its declaration. */
export type References = Readonly<Record<string, readonly { start: number; length: number }[]>>;

/** Names of immutables by the number of their declaration, from the syntax trees beside the bytecode. */
export async function readImmutableNames(folder: string): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  for await (const file of glob('*.sol/*.json', { cwd: folder })) {
    const { ast } = JSON.parse(await readFile(join(folder, file), 'utf8')) as { ast?: unknown };
    collect(ast, names);
  }
  return names;
}

interface Declaration {
  readonly nodeType?: string;
  readonly mutability?: string;
  readonly id: number;
  readonly name: string;
}

function collect(node: unknown, names: Map<string, string>): void {
  if (typeof node !== 'object' || node === null) return;
  const { id, mutability, name, nodeType } = node as Declaration;
  if (nodeType === 'VariableDeclaration' && mutability === 'immutable') names.set(String(id), name);
  for (const child of Object.values(node)) collect(child, names);
}

/**
 * Where each immutable begins, by its name, both in rising order. Undefined where a name is missing.
 * @throws Error of two immutables with one name, and of one that is no word
 */
export function placesByName(
  references: References,
  names: ReadonlyMap<string, string>,
): Map<string, readonly number[]> | undefined {
  const found = new Map<string, readonly number[]>();
  for (const [id, places] of Object.entries(references)) {
    const name = names.get(id);
    if (name === undefined) return undefined;
    if (found.has(name)) throw new Error(`Two immutables have the name ${name}.`);
    if (places.some(({ length }) => length !== 32)) throw new Error(`The immutable ${name} is no word.`);
    found.set(
      name,
      places.map(({ start }) => start).sort((a, b) => a - b),
    );
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}
