import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { problemOfProof, readProofRecords } from '../../../scripts/proof-record.ts';
import { hashProof, proofContracts } from '../../../scripts/proof-sources.ts';

it.each(proofContracts)('%s was proved as it is', async (contract) => {
  const record = (await readProofRecords())[contract];
  expect(record?.claims, 'claims').toBeGreaterThan(0);
  expect(record?.sources, `${contract}, or what it imports, or the compiler changed: npm run prove`).toBe(
    await hashProof(contract),
  );
});

it('docs/proofs.md has the number of claims', async () => {
  const text = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'proofs.md'), 'utf8');
  const records = await readProofRecords();
  const claims = Object.values(records).map((record) => record.claims);
  expect(text).toContain(`${claims.reduce((a, b) => a + b)} claims, all proved`);
  expect(Object.keys(records).toSorted()).toEqual([...proofContracts].toSorted());
  for (const count of claims) expect(text).toContain(`${count} in `);
});

it.each([
  [{ proved: 0, open: 0 }, undefined, 'Nothing was proved'],
  [{ proved: 33, open: 1 }, undefined, '1 claims are not proved'],
  [{ proved: 33, open: 0 }, { claims: 34, sources: 'same' }, '34 claims were proved of these very sources'],
])('a run is not recorded where claims are open or went: %j beside %j', (found, known, words) => {
  expect(problemOfProof(found, 'same', known)).toContain(words);
});

it('a run with all proved is recorded, with more or fewer claims where sources changed', () => {
  expect(problemOfProof({ proved: 33, open: 0 }, 'same', { claims: 34, sources: 'other' })).toBeUndefined();
  expect(problemOfProof({ proved: 34, open: 0 }, 'same', { claims: 34, sources: 'same' })).toBeUndefined();
});
