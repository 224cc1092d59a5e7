/** Side of a workgroup. */
const SIDE = 8;
/** Side of what a workgroup computes of a product, and fills of a matrix. */
export const PRODUCT_SIDE = 4 * SIDE;
export const FILL_SIDE = SIDE;
/** Threads of a workgroup that reads. */
export const READERS = 256;

/** The value of a matrix at a row and a column: small whole numbers, so that sums are exact in any order. */
export const leftValue = (row: number, column: number): number => ((row * 7 + column * 3) % 5) - 2;
export const rightValue = (row: number, column: number): number => ((row * 5 + column * 11) % 7) - 3;

/** `fillShader` writes this many times an index. */
const STRIDE = 0x9e3779b1;

/** The sum of so many words as `fillShader` writes them, modulo 2^32. */
export function wordSum(count: number): number {
  const pairs = (BigInt(count) * BigInt(count - 1)) / 2n;
  return Number(BigInt.asUintN(32, pairs * BigInt(STRIDE)));
}

/**
 * product = left x right, [n, n] each as f32. A thread computes four by four cells from vectors of four, and leaves
 * sharing to the caches: shared memory would be faster on a GPU, and stand still on a software one.
 */
export const matmulShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read> left: array<vec4f>;
@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> product: array<vec4f>;
override n: u32;

@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(global_invocation_id) at: vec3u) {
  let width = n / 4u;
  let row = at.y * n;
  var sum: array<vec4f, 4>;
  for (var k = 0u; k < width; k++) {
    let r0 = right[k * n + at.x];
    let r1 = right[k * n + width + at.x];
    let r2 = right[k * n + 2u * width + at.x];
    let r3 = right[k * n + 3u * width + at.x];
    for (var i = 0u; i < 4u; i++) {
      let l = left[row + i * width + k];
      sum[i] += l.x * r0 + l.y * r1 + l.z * r2 + l.w * r3;
    }
  }
  for (var i = 0u; i < 4u; i++) {
    product[row + i * width + at.x] = sum[i];
  }
}`;

/** Fills both matrices with `leftValue` and `rightValue`. */
export const matricesShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> left: array<f32>;
@group(0) @binding(1) var<storage, read_write> right: array<f32>;
override n: u32;

@compute @workgroup_size(${SIDE}, ${SIDE})
fn main(@builtin(global_invocation_id) at: vec3u) {
  left[at.y * n + at.x] = f32((at.y * 7u + at.x * 3u) % 5u) - 2.0;
  right[at.y * n + at.x] = f32((at.y * 5u + at.x * 11u) % 7u) - 3.0;
}`;

const words = (body: string, access: string): string => /* wgsl */ `
@group(0) @binding(0) var<storage, ${access}> words: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
override threads: u32;

@compute @workgroup_size(${READERS})
fn main(@builtin(global_invocation_id) at: vec3u) {
  ${body}
}`;

/** Fills words with multiples of their index. */
export const fillShader = words(
  `for (var i = at.x; i < arrayLength(&words); i += threads) {
    let first = i * 4u;
    words[i] = vec4u(first, first + 1u, first + 2u, first + 3u) * ${STRIDE}u;
  }
  sums[at.x] = 0u;`,
  'read_write',
);

/** Reads every word once, neighbours by neighbours; each thread's sum is left so that nothing can be skipped. */
export const readShader = words(
  `var sum = vec4u(0u);
  for (var i = at.x; i < arrayLength(&words); i += threads) {
    sum += words[i];
  }
  sums[at.x] = sum.x + sum.y + sum.z + sum.w;`,
  'read',
);

/** Does next to nothing: what a dispatch costs by itself. */
export const idleShader = /* wgsl */ `
@group(0) @binding(0) var<storage, read_write> cell: array<u32>;

@compute @workgroup_size(1)
fn main() {
  cell[0] += 1u;
}`;
