import { describe, expect, it } from 'vitest';
import { describeProgress } from '../../../src/app/words/download-words.ts';
import {
  describeContext,
  describeExactFit,
  describeFit,
  describeParameters,
  machineOf,
} from '../../../src/app/words/fit-words.ts';

const gpu = { webgpu: true, name: 'RTX', gpuClass: 'nvidia/ampere', software: false };
const details = {
  gpuClass: gpu.gpuClass,
  name: gpu.name,
  software: false,
  halfPrecision: false,
  subgroups: true,
  maxBufferBytes: 4e9,
  maxBindingBytes: 4e9,
  memory: { bytes: 8e9, known: true },
};
const small = { f16: false, downloadBytes: 4e8, memoryBytes: 6e8 };

describe('what the page says of a model', () => {
  it('says whether it fits this GPU, and nothing where nobody knows', () => {
    const fit = (variant: object, machine: object): string | undefined =>
      describeFit({ ...small, ...variant }, { backend: 'webgpu', gpu, ...machine })?.text;
    expect(fit({}, {})).toBeUndefined();
    expect(fit({}, { memoryBytes: 8e9 })).toBe('Fits this GPU');
    expect(fit({}, { memoryBytes: 7e8 })).toBe('Just fits');
    expect(fit({}, { memoryBytes: 5e8 })).toBe('Too large for 500 MB');
    expect(fit({ f16: true }, { gpu: { ...gpu, details } })).toMatch(/half precision/);
    expect(fit({}, { gpu: { ...gpu, webgpu: false } })).toBe('Needs a GPU');
    expect(fit({}, { backend: 'wasm' })).toBe('Runs on the CPU');
    expect(fit({ f16: true }, { backend: 'wasm' })).toBe('Needs a GPU');
    // The weights alone say that it is too large, and never that it fits.
    const { memoryBytes: _, ...unmeasured } = small;
    expect(describeFit(unmeasured, { backend: 'webgpu', gpu, memoryBytes: 3e8 })?.text).toMatch(/^Too large/);
    expect(describeFit(unmeasured, { backend: 'webgpu', gpu, memoryBytes: 9e9 })).toBeUndefined();
  });

  it('knows the memory of a GPU from its browser, or from its owner', () => {
    const settings = { backend: 'webgpu', memoryBytes: 0 } as const;
    expect(machineOf(settings, { ...gpu, details }).memoryBytes).toBe(8e9);
    expect(machineOf({ ...settings, memoryBytes: 2e9 }, { ...gpu, details }).memoryBytes).toBe(2e9);
    const unknown = { ...details, memory: { bytes: 2e9, known: false } };
    expect(machineOf(settings, { ...gpu, details: unknown }).memoryBytes).toBeUndefined();
    expect(describeExactFit({ id: 'm', needBytes: 3e9, fits: 'no', obstacle: 'budget' }).text).toBe(
      'Does not fit: it needs more memory than you allow',
    );
    expect(describeExactFit({ id: 'm', needBytes: 3e9, fits: 'unsure', obstacle: 'memory' }).tone).toBe(
      'warning',
    );
  });

  it('says how a download goes on', () => {
    const say = (progress: object): string =>
      describeProgress({ bytes: 12e6, total: 48e6, step: 'receiving', rate: 0, ...progress }, 1_000);
    expect(say({ rate: 3.1e6, leftMs: 11_400 })).toBe('12 MB of 48 MB, 3.1 MB/s, 11 s left');
    expect(say({})).toBe('12 MB of 48 MB');
    const fault = { code: 'download_failed', message: '' };
    expect(say({ step: 'retrying', retry: { at: 6_000, fault } })).toMatch(
      /connection lost: next try in 5 s$/,
    );
    const busy = { ...fault, data: { status: 503 } };
    expect(say({ step: 'retrying', retry: { at: 0, fault: busy } })).toMatch(
      /the server answered 503: trying again$/,
    );
  });

  it('is short about large numbers', () => {
    expect([1_000_576, 3_967_744, 135e6, 1.7e9, 8e9].map(describeParameters)).toEqual([
      '1M',
      '4M',
      '135M',
      '1.7B',
      '8B',
    ]);
    expect([1024, 8192, 131_072, 1000].map(describeContext)).toEqual(['1,024', '8k', '128k', '1,000']);
  });
});
