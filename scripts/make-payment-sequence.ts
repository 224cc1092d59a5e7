/** Writes `test/vectors/payment-sequence.json`. Run by hand, once for each change of a form. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldGroup, GROUPS } from './payment-sequence.ts';
import { recoverAddress } from '../src/protocol/money/signature.ts';
import { root } from './tool.ts';

const hashes = Array.from({ length: GROUPS }, (_, group) => foldGroup(group, recoverAddress));
const text = JSON.stringify({ madeBy: 'scripts/make-payment-sequence.ts', hashes }, undefined, 1);
await writeFile(join(root, 'test', 'vectors', 'payment-sequence.json'), `${text}\n`);
