import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CASES_PER_GROUP, foldGroup, GROUPS } from '../../../../scripts/payment-sequence.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'vectors', 'payment-sequence.json');

it('K1 K2 K5 K7 K9 K11 ten thousand channels and hubs are named, hashed and signed as in the contracts', async () => {
  const { hashes } = JSON.parse(await readFile(file, 'utf8')) as { hashes: string[] };
  expect(GROUPS * CASES_PER_GROUP).toBe(10_000);
  expect(Array.from({ length: GROUPS }, (_, group) => foldGroup(group))).toEqual(hashes);
}, 60_000);
