/** `contracts/proofs/proved.json`: what the last run of `npm run prove` proved, of which sources. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './tool.ts';

export interface ProofRecord {
  /** How many claims, all of them proved. */
  readonly claims: number;
  /** `hashProof` of what was proved. */
  readonly sources: string;
}

const file = join(root, 'contracts', 'proofs', 'proved.json');

/** By contract. */
export async function readProofRecords(): Promise<Readonly<Record<string, ProofRecord>>> {
  const { proofs } = JSON.parse(await readFile(file, 'utf8')) as { proofs: Record<string, ProofRecord> };
  return proofs;
}

/** Leaves the records of other contracts as they are. */
export async function writeProofRecord(contract: string, record: ProofRecord): Promise<void> {
  const proofs = { ...(await readProofRecords()), [contract]: record };
  await writeFile(file, `${JSON.stringify({ madeBy: 'npm run prove', proofs }, undefined, 2)}\n`);
}

/** What keeps a run from being recorded, in words. @param found how many claims were proved, and how many were not */
export function problemOfProof(
  found: { readonly proved: number; readonly open: number },
  sources: string,
  known: ProofRecord | undefined,
): string | undefined {
  if (found.proved === 0) return 'Nothing was proved: the solver did not answer.';
  if (found.open > 0) return `${found.open} claims are not proved.`;
  if (known?.sources === sources && known.claims !== found.proved) {
    return `${known.claims} claims were proved of these very sources before, and now ${found.proved}.`;
  }
  return undefined;
}
