import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { measureGas } from '../../../bench/gas.bench.ts';

const snapshot = join(import.meta.dirname, '..', '..', '..', 'bench', 'results', 'gas.json');

/** Random salts and signatures have more or fewer zero bytes. */
const SLACK = 200;

it('no operation costs more or less gas than bench/results/gas.json says', async () => {
  const { rows: expected } = JSON.parse(await readFile(snapshot, 'utf8')) as {
    rows: { operation: string; gas: number }[];
  };
  const rows = await measureGas(() => {});
  expect(rows.map(({ operation }) => operation)).toEqual(expected.map(({ operation }) => operation));
  for (const [i, { operation, gas }] of rows.entries()) {
    const known = expected[i]!.gas;
    expect(
      Math.abs(gas - known),
      `${operation}: ${gas}, known as ${known} (npm run bench -- gas)`,
    ).toBeLessThan(SLACK);
  }
}, 60_000);
