import { secp256k1 } from '@noble/curves/secp256k1.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CASES_PER_GROUP, foldGroup, GROUPS } from '../../../../scripts/payment-sequence.ts';
import { concat, fromHex, toHex } from '../../../../src/core/bytes.ts';
import { type Recover, recoverAddress } from '../../../../src/protocol/money/signature.ts';
import { loadRecovery } from '../../../../src/relay/node/native-signature.ts';

const file = join(import.meta.dirname, '..', '..', '..', 'vectors', 'payment-sequence.json');

const { hashes } = JSON.parse(await readFile(file, 'utf8')) as { hashes: string[] };

it('K1 K2 K5 K7 K9 K11 ten thousand channels and hubs are named, hashed, signed and verified as in the contracts', async () => {
  const { recover } = await loadRecovery();
  expect(GROUPS * CASES_PER_GROUP).toBe(10_000);
  expect(Array.from({ length: GROUPS }, (_, group) => foldGroup(group, recover))).toEqual(hashes);
}, 60_000);

it('R3 a thousand of them are verified the same by the portable code', () => {
  expect(Array.from({ length: 10 }, (_, group) => foldGroup(group, recoverAddress))).toEqual(
    hashes.slice(0, 10),
  );
}, 60_000);

it('R3 who takes a high s is found out', () => {
  const order = secp256k1.Point.CURVE().n;
  const taking: Recover = (digest, signature) => {
    const bytes = fromHex(signature);
    const s = BigInt(toHex(bytes.slice(32, 64)));
    if (bytes.length !== 65 || s <= order / 2n) return recoverAddress(digest, signature);
    const low = fromHex(`0x${(order - s).toString(16).padStart(64, '0')}`);
    const v = 55 - (bytes[64] as number);
    return recoverAddress(digest, toHex(concat(bytes.slice(0, 32), low, new Uint8Array([v]))));
  };
  expect(() => foldGroup(0, taking)).toThrow('a spoiled signature is taken');
});
