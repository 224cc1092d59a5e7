import { describe, expect, it } from 'vitest';
import { toHex } from '../../../../src/core/bytes.ts';
import { addressOf, recoverAddress, signDigest } from '../../../../src/protocol/money/signature.ts';
import { loadRecovery } from '../../../../src/relay/node/native-signature.ts';
import { SimRandom } from '../../../../src/sim/sim-random.ts';

const { recover, native } = await loadRecovery();

describe('R3 native signatures', () => {
  it.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('are there on this machine', () => {
    expect(native).toBe(true);
  });

  it('agree with the portable ones', () => {
    const random = new SimRandom(3);
    for (let i = 0; i < 50; i++) {
      const [key, digest] = [random.bytes(32), toHex(random.bytes(32))];
      const signature = signDigest(digest, key);
      expect(recover(digest, signature)).toBe(addressOf(key));
      expect(recover(digest, signature)).toBe(recoverAddress(digest, signature));
    }
  });

  it('refuse the same malformed ones', () => {
    const digest = toHex(new Uint8Array(32).fill(1));
    const good = signDigest(digest, new Uint8Array(32).fill(2));
    const bad = [
      '0x',
      `0x${'00'.repeat(65)}`,
      `${good.slice(0, -2)}1d`,
      `${good}00`,
      `0x${'ff'.repeat(64)}1b`,
      `0x${'ff'.repeat(32)}${good.slice(66)}`,
    ];
    for (const signature of bad as `0x${string}`[]) {
      for (const check of [recover, recoverAddress]) {
        expect(() => check(digest, signature)).toThrowError(
          expect.objectContaining({ code: 'signature_malformed' }),
        );
      }
    }
  });
});
