import { softwareAttention } from './software-attention.ts';
import { softwareMatmul } from './software-matmul.ts';

const replacements: Readonly<Record<string, (code: string) => string | undefined>> = {
  FlashAttentionDecodeQKV: softwareAttention,
  MatMul: softwareMatmul,
};

/**
 * Makes ONNX Runtime's models ten times as fast on an adapter that computes on the CPU (SwiftShader, where tests and
 * the demo run): two of its shaders are replaced as they are compiled.
 *
 * Such an adapter pays dearly for what a GPU has for nothing: each barrier switches between all threads of a workgroup,
 * workgroup memory is cleared for each workgroup, and idle threads take their turn. The replacements do the same
 * arithmetic without. What is not recognised, after an update of ONNX Runtime for example, stays as it is.
 */
export function useSoftwareShaders(device: GPUDevice): void {
  const create = device.createShaderModule.bind(device);
  device.createShaderModule = (descriptor) =>
    create({
      ...descriptor,
      code: replacements[descriptor.label ?? '']?.(descriptor.code) ?? descriptor.code,
    });
}
