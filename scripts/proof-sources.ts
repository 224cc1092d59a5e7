/** What `npm run prove` proves: its contracts, the sources they are made of, and a hash by which one sees that they changed. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { root } from './tool.ts';

export const proofContracts = ['HubProof', 'ChannelGrowthProof', 'ChannelProof'] as const;

export function sourceOf(contract: string): string {
  return `contracts/proofs/${contract}.sol`;
}

/** A proof's source and all that it imports, by the paths that the compiler asks for. */
export async function readProofSources(contract: string): Promise<Map<string, string>> {
  return readSources(sourceOf(contract), new Map());
}

/** SHA-256, in hex, of the sources and of the version of the compiler, in which the solver is. */
export async function hashProof(contract: string): Promise<string> {
  const hash = createHash('sha256');
  const compiler = await readFile(join(root, 'node_modules', 'solc', 'package.json'), 'utf8');
  const { version } = JSON.parse(compiler) as { version: string };
  const sources = [...(await readProofSources(contract))].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return hash.update(JSON.stringify([version, sources])).digest('hex');
}

async function readSources(path: string, found: Map<string, string>): Promise<Map<string, string>> {
  if (found.has(path)) return found;
  const content = await readFile(join(root, path), 'utf8');
  found.set(path, content);
  for (const [, relative = ''] of content.matchAll(/from "(\.[^"]+)"/g)) {
    await readSources(posix.join(posix.dirname(path), relative), found);
  }
  return found;
}
