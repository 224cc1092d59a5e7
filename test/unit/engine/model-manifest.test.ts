import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { manifestHash, parseManifest } from '../../../src/protocol/wire/model-manifest.ts';

const bytes = (id: string): Uint8Array =>
  readFileSync(new URL(`../../../public/models/${id}/manifest.json`, import.meta.url));
const valid = JSON.parse(new TextDecoder().decode(bytes('shakespeare-1m'))) as Record<string, unknown>;
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

describe('parseManifest', () => {
  it.each(['shakespeare-1m', 'shakespeare-4m'])('reads the bundled %s', (id) => {
    const manifest = parseManifest(bytes(id));
    expect(manifest.id).toBe(id);
    expect(Object.keys(manifest.variants)).toEqual(['fp32', 'q4']);
  });

  it('names the place of each fault', () => {
    const broken = { ...valid, context: 'long', files: [{ path: '../x', bytes: 1, sha256: 'A' }] };
    expect(() => parseManifest(encode(broken))).toThrow(
      expect.objectContaining({
        code: 'manifest_invalid',
        data: {
          issues: expect.arrayContaining([
            expect.stringMatching(/^context: /),
            expect.stringMatching(/^files\.0\.path: /),
            expect.stringMatching(/^files\.0\.sha256: /),
          ]) as string[],
        },
      }),
    );
  });

  it.each([
    ['no JSON', new TextEncoder().encode('<html>')],
    ['another format', encode({ ...valid, format: 2 })],
    [
      'a graph that is not among the files',
      encode({ ...valid, files: [{ path: 'a', bytes: 1, sha256: '0'.repeat(64) }] }),
    ],
  ])('refuses %s', (_, manifest) => {
    expect(() => parseManifest(manifest)).toThrow(expect.objectContaining({ code: 'manifest_invalid' }));
  });

  it.each(['/etc/passwd', 'a/../../b', 'https://x/y', '..', 'a//b', './a', ''])(
    'refuses the path %j',
    (path) => {
      const files = [...(valid['files'] as object[]), { path, bytes: 1, sha256: '0'.repeat(64) }];
      expect(() => parseManifest(encode({ ...valid, files }))).toThrow(
        expect.objectContaining({ code: 'manifest_invalid' }),
      );
    },
  );

  it('V4 reads an encoder, which says how its vectors are made and how short they may be', () => {
    const { kvHeads: _, ...sizes } = valid['architecture'] as Record<string, unknown>;
    const encoder = { ...sizes, kind: 'encoder', pooling: 'cls', normalise: true, leastDimensions: 64 };
    const { architecture } = parseManifest(encode({ ...valid, architecture: encoder }));
    expect(architecture).toEqual(encoder);
    expect(() =>
      parseManifest(encode({ ...valid, architecture: { ...encoder, leastDimensions: 129 } })),
    ).toThrow(expect.objectContaining({ code: 'manifest_invalid' }));
  });

  it('hashes the bytes and not what they mean', () => {
    expect(manifestHash(bytes('shakespeare-1m'))).toMatch(/^0x[0-9a-f]{64}$/);
    expect(manifestHash(encode(valid))).not.toBe(manifestHash(bytes('shakespeare-1m')));
  });
});
