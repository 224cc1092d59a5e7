/**
 * Attention of one or a few queries over a tile of 64 keys: ONNX Runtime's `FlashAttentionDecodeQKV` without its
 * workgroup arrays. Bindings, uniforms and results are that shader's; its text up to the first workgroup variable, which
 * declares them, is kept.
 */

/** What must be in the original for the replacement to mean the same. */
const FRAGMENTS = [
  '@binding(3) var<storage, read> seqlens_k: array<i32>;',
  '@binding(4) var<storage, read_write> out_split_vx: array<vec4<f32>>;',
  '@binding(5) var<storage, read_write> metadata: array<vec2<f32>>;',
  '@binding(6) var<uniform> uniforms: Uniforms;',
  'let num_total_seq_length_tile = (global_total_sequence_length + 64 - 1) / 64;',
  'let global_total_sequence_length = uniforms.total_sequence_length;',
  'let total_sequence_length = u32(seqlens_k[batch_idx]) + 1u;',
];

/** The replacement, or nothing where the original is not the one that is known. */
export function softwareAttention(code: string): string | undefined {
  const queries = /var<workgroup> tile_max: array<f32, (\d+)>;/.exec(code)?.[1];
  if (queries === undefined || !FRAGMENTS.every((fragment) => code.includes(fragment))) return undefined;
  return code.slice(0, code.indexOf('var<workgroup>')) + body(queries);
}

const body = (queries: string): string => /* wgsl */ `
const TILE = 64u;
const QUERIES = ${queries}u;
const LANES = 8u;
const LEAST = -3.4028234663852886e+38f;

var<workgroup> scores: array<f32, TILE>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let size = uniforms.head_size_vec;
  let group = (workgroup.z * workgroups.y + workgroup.y) * workgroups.x + workgroup.x;
  let tiles = (uniforms.total_sequence_length + TILE - 1u) / TILE;
  let query_tiles = (uniforms.new_sequence_length + QUERIES - 1u) / QUERIES;
  let tile = group % tiles;
  let batch_head = group / (tiles * query_tiles);
  let batch = batch_head / uniforms.num_heads;
  if (batch >= uniforms.batch_size) { return; }
  let total = u32(seqlens_k[batch]) + 1u;
  let past = select(total - uniforms.new_sequence_length, 0u, total <= uniforms.new_sequence_length);
  let first = tile * TILE;
  let keys = (batch_head / uniforms.n_reps * uniforms.present_sequence_length + first) * size;

  for (var m = 0u; m < QUERIES; m++) {
    let query_index = (group / tiles) % query_tiles * QUERIES + m;
    if (query_index >= uniforms.new_sequence_length) { break; }
    let row = batch_head * uniforms.new_sequence_length + query_index;
    let slot = row * uniforms.num_present_sequence_length_tile + tile;
    let end = min(total, past + query_index + 1u);
    let count = min(TILE, max(end, first) - first);
    let query_row = (batch * uniforms.new_sequence_length + query_index) * uniforms.num_heads;
    let query = (query_row + batch_head % uniforms.num_heads) * size;

    for (var key = lane; key < count; key += LANES) {
      var sum = 0.0f;
      for (var i = 0u; i < size; i++) {
        sum += dot(present_key[keys + key * size + i], q[query + i] * uniforms.alpha);
      }
      scores[key] = sum;
    }
    workgroupBarrier();
    var greatest = LEAST;
    for (var key = 0u; key < count; key++) { greatest = max(greatest, scores[key]); }
    if (lane == 0u && count == 0u) { metadata[slot] = metadata_value_t(LEAST, 0.0f); }
    for (var i = lane; i < size; i += LANES) {
      var weights = 0.0f;
      var sum = vec4f(0);
      for (var key = 0u; key < count; key++) {
        let weight = exp(scores[key] - greatest);
        weights += weight;
        sum += present_value[keys + key * size + i] * weight;
      }
      out_split_vx[slot * size + i] = select(sum / weights, vec4f(0), count == 0u);
      if (i == 0u && count > 0u) { metadata[slot] = metadata_value_t(greatest, weights); }
    }
    workgroupBarrier();
  }
}
`;
