import { CodedError } from '../../core/errors.ts';
import type { DecoderFacts } from '../../protocol/model/decoder-facts.ts';

/**
 * Refuses a model that this GPU can't hold or compute, before its memory is filled to find out.
 * @throws CodedError `f16_missing`; `adapter_too_small` with the sizes in bytes
 */
export function checkFit(device: GPUDevice, facts: DecoderFacts): void {
  checkPrecision(device, facts.halfPrecision);
  const { limits } = device;
  const largest = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);
  const { name, bytes } = facts.largestTensor;
  if (bytes <= largest) return;
  const message = `A matrix of this model takes ${megabytes(bytes)}; this GPU allows ${megabytes(largest)}.`;
  throw new CodedError('adapter_too_small', message, { tensor: name, bytes, largest });
}

/** @throws CodedError `f16_missing` */
export function checkPrecision({ features }: Pick<GPUAdapter, 'features'>, halfPrecision: boolean): void {
  if (!halfPrecision || features.has('shader-f16')) return;
  const message = 'This model computes in half precision, which this GPU can’t: take its q4 or fp32 variant.';
  throw new CodedError('f16_missing', message, { feature: 'shader-f16' });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}
