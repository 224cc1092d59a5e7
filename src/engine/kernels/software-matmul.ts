/**
 * ONNX Runtime's `MatMul` without its workgroup arrays: a thread reads what it needs and adds in the same order. Its
 * functions for reading and writing matrices, which know the bindings, are kept, and so is the division of the work.
 */

/** What must be in the original for the replacement to mean the same. */
const FRAGMENTS = [
  'const workgroup_size_x: u32 = 8;',
  'const workgroup_size_y: u32 = 8;',
  'fn mm_readA(batch: i32, row: i32, colIn: i32 , batch_indices: batch_dims_indices_t)',
  'fn mm_readB(batch: i32, row: i32, colIn: i32 , batch_indices: batch_dims_indices_t)',
  'fn mm_write(batch: i32, row: i32, colIn: i32, valueIn: output_value_t)',
  'const colPerThread = 4;\nconst innerElementSize = 4;',
  'let globalRow = i32(logical_global_id.y) * rowPerThread;',
  'let globalCol = i32(logical_global_id.x);',
  'let batchIndices = u32(batch);',
];

/** The replacement, or nothing where the original is not the one that is known. */
export function softwareMatmul(code: string): string | undefined {
  const rows = /const rowPerThread = (1|4);/.exec(code)?.[1];
  if (rows === undefined || !FRAGMENTS.every((fragment) => code.includes(fragment))) return undefined;
  return code.slice(0, code.indexOf('var<workgroup>')) + body(Number(rows));
}

const body = (rows: number): string => /* wgsl */ `
@compute @workgroup_size(workgroup_size_x, workgroup_size_y)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let group = (workgroup.z * workgroups.y + workgroup.y) * workgroups.x + workgroup.x;
  let plane = uniforms.logical_dispatch_x * uniforms.logical_dispatch_y;
  let batch = group / plane;
  let tile_row = group % plane / uniforms.logical_dispatch_x;
  let column = i32(group % uniforms.logical_dispatch_x * workgroup_size_x + local.x);
  if (4 * column >= i32(uniforms.dim_b_outer)) { return; }
  ${rows === 4 ? manyRows(4, '(tile_row * 8u + local.y) * 4u') : oneOrEightRows}
}
`;

/** A whole tile of eight rows by one thread per column, so that the right matrix is read once; else a row per thread. */
const oneOrEightRows = /* wgsl */ `
  if (tile_row * 8u + 8u <= uniforms.dim_a_outer) {
    if (local.y > 0u) { return; }
    ${manyRows(8, 'tile_row * 8u')}
  } else {
    ${manyRows(1, 'tile_row * 8u + local.y')}
  }`;

/** Reading beyond the last row gives zeros, and writing there does nothing. */
function manyRows(count: number, first: string): string {
  const each = (line: (row: number) => string): string =>
    Array.from({ length: count }, (_, row) => line(row)).join('\n');
  return /* wgsl */ `
    let first = i32(${first});
    if (first >= i32(uniforms.dim_a_outer)) { return; }
    ${each((row) => `var sum${row} = output_value_t(0);`)}
    for (var k = 0; 4 * k < i32(uniforms.dim_inner); k++) {
      let b0 = mm_readB(i32(batch), 4 * k, column, batch);
      let b1 = mm_readB(i32(batch), 4 * k + 1, column, batch);
      let b2 = mm_readB(i32(batch), 4 * k + 2, column, batch);
      let b3 = mm_readB(i32(batch), 4 * k + 3, column, batch);
      ${each(
        (row) => `let a${row} = mm_readA(i32(batch), first + ${row}, k, batch);
      sum${row} = b3 * a${row}.w + (b2 * a${row}.z + (b1 * a${row}.y + (b0 * a${row}.x + sum${row})));`,
      )}
    }
    ${each((row) => `mm_write(i32(batch), first + ${row}, column, sum${row});`)}`;
}
