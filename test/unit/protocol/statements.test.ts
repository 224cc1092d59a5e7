import { hashTypedData } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { fromHex, type Hex, toHex } from '../../../src/core/bytes.ts';
import { addressOf, recoverAddress, signDigest } from '../../../src/protocol/money/signature.ts';
import {
  CHUNK,
  chunkDigest,
  HELLO,
  helloDigest,
  RECEIPT,
  receiptDigest,
  receiptValues,
  STATEMENT_DOMAIN,
} from '../../../src/protocol/money/statements.ts';
import { EMBEDDING, embedDigest } from '../../../src/protocol/money/embed-statement.ts';
import type { EmbedReceipt } from '../../../src/protocol/wire/embed.ts';
import type { AttemptReceipt } from '../../../src/protocol/wire/job.ts';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(toHex);
const count = fc.integer({ min: 0, max: 2 ** 20 });
const chunk = fc.record({
  job: bytes(16),
  lease: fc.integer({ min: 0, max: 255 }),
  index: count,
  first: count,
  count: fc.integer({ min: 1, max: 32 }),
  commitment: bytes(32),
  total: fc.bigInt({ min: 0n, max: 10n ** 18n }).map(String),
});
const types = (struct: { name: string; fields: Record<string, string> }) => ({
  [struct.name]: Object.entries(struct.fields).map(([name, type]) => ({ name, type })),
});

describe('R2 statements', () => {
  it('have the EIP-712 digests that viem computes', () => {
    fc.assert(
      fc.property(chunk, bytes(20), bytes(32), (statement, account, nonce) => {
        const viemChunk = hashTypedData({
          domain: STATEMENT_DOMAIN,
          types: types(CHUNK),
          primaryType: 'Chunk',
          message: { ...statement, total: BigInt(statement.total) },
        });
        expect(chunkDigest(statement)).toBe(viemChunk);
        const message = { relay: account, nonce, account };
        expect(helloDigest(message)).toBe(
          hashTypedData({
            domain: STATEMENT_DOMAIN,
            types: types(HELLO),
            primaryType: 'Hello',
            message,
          }),
        );
        const receipt: AttemptReceipt = {
          job: statement.job,
          lease: statement.lease,
          provider: account,
          model: { manifest: nonce, variant: 'q4' },
          promptHash: nonce,
          promptTokens: statement.index,
          first: statement.first,
          count: statement.count,
          outputHash: statement.commitment,
          finish: 'stop',
          specHash: nonce,
          seed: toHex(fromHex(nonce).slice(0, 8)),
          choice: statement.index % 128,
          nonce,
          commitment: statement.commitment,
          engine: 'onnx 1.30.0',
          gpuClass: 'wasm',
          total: statement.total,
          startedAt: 1_800_000_000_000,
          endedAt: 1_800_000_000_001,
        };
        expect(receiptDigest(receipt)).toBe(
          hashTypedData({
            domain: STATEMENT_DOMAIN,
            types: types(RECEIPT),
            primaryType: 'Receipt',
            message: receiptValues(receipt),
          }),
        );
        const embedding: EmbedReceipt = {
          job: statement.job,
          lease: statement.lease,
          provider: account,
          model: receipt.model,
          nonce,
          engine: receipt.engine,
          gpuClass: receipt.gpuClass,
          total: statement.total,
          startedAt: receipt.startedAt,
          endedAt: receipt.endedAt,
          inputsHash: nonce,
          inputs: statement.index,
          tokens: statement.first,
          dimensions: statement.count,
          vectorsHash: statement.commitment,
        };
        expect(embedDigest(embedding)).toBe(
          hashTypedData({
            domain: STATEMENT_DOMAIN,
            types: types(EMBEDDING),
            primaryType: 'Embedding',
            message: { ...embedding, ...embedding.model, total: BigInt(embedding.total) },
          }),
        );
      }),
      { numRuns: 50 },
    );
  });
});

describe('R3 signatures', () => {
  const key = fromHex('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d');
  const digest: Hex = `0x${'ab'.repeat(32)}`;

  it('are those of viem, and recover to the account', async () => {
    const account = privateKeyToAccount(toHex(key));
    expect(addressOf(key)).toBe(account.address.toLowerCase());
    const signature = signDigest(digest, key);
    expect(signature).toBe(await account.sign({ hash: digest }));
    expect(recoverAddress(digest, signature)).toBe(addressOf(key));
  });

  it('with a high s, another v or length are refused', () => {
    const signature = fromHex(signDigest(digest, key));
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = BigInt(toHex(signature.slice(32, 64)));
    const high = fromHex((order - s).toString(16).padStart(64, '0'));
    const malleable = new Uint8Array([...signature.slice(0, 32), ...high, signature[64] === 27 ? 28 : 27]);
    for (const bad of [malleable, signature.slice(0, 64), new Uint8Array([...signature.slice(0, 64), 0])]) {
      expect(() => recoverAddress(digest, toHex(bad))).toThrowError(/signature/i);
    }
  });
});
