import { CodedError } from '../../core/errors.ts';

/**
 * ONNX Runtime's attention over 32 tokens and more shuffles keys among 8 lanes. Where a subgroup has fewer (SwiftShader:
 * 4), what it computes is wrong, by up to 0.9 in a logit (1.30.0); without the feature it takes another way.
 */
const LEAST_SUBGROUP = 8;

/** What an adapter is, in the terms that receipts, the scheduler and the page use. */
export interface GpuProbe {
  /** `vendor/architecture`, for example `nvidia/ampere`: honest runs are compared within one class. */
  readonly gpuClass: string;
  /** In words for people. */
  readonly name: string;
  /** An adapter that computes on the CPU: slow, lent only where explicitly allowed. */
  readonly software: boolean;
  readonly halfPrecision: boolean;
  /** Subgroups that ONNX Runtime computes rightly with. */
  readonly subgroups: boolean;
  /** Bytes; the largest tensor is bounded by both. */
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
  readonly memory: GpuMemory;
}

/** The memory of a GPU. Browsers hardly ever tell: then it is at least what one buffer may have. */
export interface GpuMemory {
  readonly bytes: number;
  /** False where `bytes` is only a lower bound. */
  readonly known: boolean;
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
    subgroups: features.has('subgroups') && info.subgroupMinSize >= LEAST_SUBGROUP,
    maxBufferBytes: limits.maxBufferSize,
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    memory: memoryOf(info, limits),
  };
}

/** `memoryHeaps` is Chromium's, behind a flag for developers; `0x2` marks memory of the GPU's own. */
function memoryOf(info: GPUAdapterInfo, limits: GPUSupportedLimits): GpuMemory {
  const { memoryHeaps = [] } = info as { memoryHeaps?: readonly { size: number; properties: number }[] };
  const own = memoryHeaps.filter(({ properties }) => (properties & 0x2) !== 0);
  const bytes = own.reduce((sum, { size }) => sum + size, 0);
  return bytes > 0 ? { bytes, known: true } : { bytes: limits.maxBufferSize, known: false };
}

/**
 * Opens a device with the adapter's own limits, and with those features that ONNX Runtime uses where it finds them.
 * @param further features that are wanted where the adapter has them
 * @throws CodedError `device_lost` where the adapter gives none.
 */
export async function openDevice(
  adapter: GPUAdapter,
  further: readonly GPUFeatureName[] = [],
): Promise<GpuDevice> {
  const probe = probeAdapter(adapter);
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
      requiredFeatures: [
        ...(probe.halfPrecision ? ['shader-f16' as const] : []),
        ...(probe.subgroups ? ['subgroups' as const] : []),
        ...further.filter((feature) => adapter.features.has(feature)),
      ],
      requiredLimits: Object.fromEntries(limits.map((limit) => [limit, adapter.limits[limit]])),
    });
    return { device, ...probe };
  } catch (cause) {
    throw new CodedError('device_lost', 'The GPU could not be opened.', { text: String(cause) }, cause);
  }
}
