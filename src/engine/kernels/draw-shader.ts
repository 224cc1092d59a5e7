/**
 * What the sampling kernels share: the draws, where things lie in the buffers, and the logits as rule S5 adjusts them.
 */

/** Bytes of a `Draw`, and of a `Selection` with where its top ids begin. */
export const DRAW_BYTES = 48;
export const SELECTION_BYTES = 176;
export const SELECTION_TOP = 16;

/** The bits of a draw's `flags`. */
export const ADJUSTED = 1;
export const MASKED = 2;
export const FILTERED = 4;

/** Stands for a number without bound: products of it with a vocabulary's mass are finite. */
export const BOUNDLESS = 1e30;

export const drawShader = /* wgsl */ `
struct Constants {
  vocab: u32,
  parts: u32,
  scale: f32,
  // Slots: rows of logits, and draws of a step at most.
  rows: u32,
  sign_sums_low: vec4f,
  sign_sums_high: vec4f,
}

struct Draw {
  seed_low: u32,
  seed_high: u32,
  counter: u32,
  temperature: f32,
  row: u32,
  flags: u32,
  // Likeliest ids wanted beyond those of every outcome.
  top: u32,
  // What filters ask for: see FilterTargets.
  count: u32,
  share: f32,
  sure_share: f32,
  possible_share: f32,
  reach: f32,
}

// What filters leave of a row: ids before an edge, in the order of falling z' and rising ids.
struct Selection {
  key: u32,
  id: u32,
  possible: f32,
  sure: f32,
  top: array<vec2u, 20>,
}

@group(0) @binding(0) var<uniform> constants: Constants;
// Logits are read as bits: a shader compiler may assume that no float is NaN.
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(3) var<storage, read> draws: array<Draw>;
// For each row what is added to each logit, as bits of f32; then for each row its mask.
@group(0) @binding(6) var<storage, read> controls: array<u32>;
@group(0) @binding(7) var<storage, read_write> selections: array<Selection>;

const LEAST = -3.4e38;

// Whether a float is finite, by its bits.
fn finite(bits: u32) -> bool {
  return (bits & 0x7f800000u) != 0x7f800000u;
}

// Rises with the float. No finite float has the key 0.
fn key_of(z: f32) -> u32 {
  let bits = bitcast<u32>(z);
  if (bits == 0x80000000u) { return bits; } // -0 is 0
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

fn float_of(key: u32) -> f32 {
  return bitcast<f32>(select(~key, key & 0x7fffffffu, (key & 0x80000000u) != 0u));
}

fn allowed(draw: Draw, id: u32) -> bool {
  if ((draw.flags & ${MASKED}u) == 0u) { return true; }
  let words = (constants.vocab + 31u) / 32u;
  let word = controls[constants.rows * constants.vocab + draw.row * words + (id >> 5u)];
  return ((word >> (id & 31u)) & 1u) != 0u;
}

fn adjusted(draw: Draw, id: u32, z: f32) -> f32 {
  if ((draw.flags & ${ADJUSTED}u) == 0u) { return z; }
  return z + bitcast<f32>(controls[draw.row * constants.vocab + id]);
}
`;
