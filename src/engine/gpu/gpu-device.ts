import { CodedError } from '../../core/errors.ts';

/** What an adapter is, in the terms that receipts, the scheduler and the page use. */
export interface GpuProbe {
  /** `vendor/architecture`, for example `nvidia/ampere`: honest runs are compared within one class. */
  readonly gpuClass: string;
  /** In words for people. */
  readonly name: string;
  /** An adapter that computes on the CPU: slow, lent only where explicitly allowed. */
  readonly software: boolean;
  readonly halfPrecision: boolean;
  readonly subgroups: boolean;
  /** Bytes; the largest tensor is bounded by both. */
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

export interface GpuDevice extends GpuProbe {
  readonly device: GPUDevice;
}

/**
 * Finds the adapter that a device would be opened on.
 * @throws CodedError `webgpu_missing`, `adapter_missing`
 */
export async function findAdapter(gpu: GPU | undefined = navigator.gpu): Promise<GPUAdapter> {
  if (!gpu) throw new CodedError('webgpu_missing', 'This browser has no WebGPU.');
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new CodedError('adapter_missing', 'This browser offers no GPU.');
  return adapter;
}

export function probeAdapter({ info, features, limits }: GPUAdapter): GpuProbe {
  const { vendor, architecture, description, device, isFallbackAdapter } = info;
  const words = [description || device || `${vendor} ${architecture}`].join(' ').trim();
  return {
    gpuClass: [vendor || 'unknown', architecture || 'unknown'].join('/').slice(0, 64),
    name: words || 'unnamed GPU',
    software:
      isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render/i.test(`${architecture} ${words}`),
    halfPrecision: features.has('shader-f16'),
    subgroups: features.has('subgroups'),
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
  };
}

/**
 * Opens a device with the adapter's own limits, and with those features that ONNX Runtime uses where it finds them.
 * @throws CodedError `device_lost` where the adapter gives none.
 */
export async function openDevice(adapter: GPUAdapter): Promise<GpuDevice> {
  const wanted = ['shader-f16', 'subgroups'] as const;
  const limits = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxStorageBuffersPerShaderStage',
    'maxComputeWorkgroupStorageSize',
    'maxComputeWorkgroupSizeX',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupsPerDimension',
  ] as const;
  try {
    const device = await adapter.requestDevice({
      requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
      requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
    });
    return { device, ...probeAdapter(adapter) };
  } catch (cause) {
    throw new CodedError('device_lost', 'The GPU could not be opened.', { text: String(cause) }, cause);
  }
}
