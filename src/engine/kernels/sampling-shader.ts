import { drawShader, FILTERED } from './draw-shader.ts';
import { noiseShader } from './noise-shader.ts';

/**
 * The sampling kernel: reads logits where the graph left them and writes 80 bytes for each row drawn.
 *
 * `scan` reduces SPAN ids of one row to a `Part`, `conclude` a row's parts to its `Outcome`. Both end in the same tree
 * of merges, so any vocabulary works. The rules are those of `src/engine/sampling/logit-sampler.ts`, which is the
 * reference. Both are compiled twice: `CONTROLLED` for draws with bias, penalties, masks or filters, so that the others
 * pay for none of it.
 */

/** Threads of a workgroup. A `Part` is 96 bytes, and 16 KiB of workgroup memory is all that can be relied on. */
const LANES = 64;

/** Ids that one workgroup of `scan` reduces: 16 pairs for each thread. */
export const SPAN = LANES * 32;

/** Bytes of a `Part` in the buffer between the passes. */
export const PART_BYTES = 96;

/** Bytes of an `Outcome`: what is read back for each token. */
export const OUTCOME_BYTES = 80;

export const samplingShader = /* wgsl */ `
override CONTROLLED: bool = false;
${drawShader}
${noiseShader}

struct Part {
  // The draw: its winner by z' + T * g, and the best score that lost.
  score: f32,
  runner: f32,
  logit: f32,
  id: u32,
  top_logits: vec4f,
  top_ids: vec4u,
  // Sum of exp(z - top_logits.x).
  exponentials: f32,
  total: f32,
  broken: u32,
  padding: u32,
  // Sums of z with the signs of the projection.
  low: vec4f,
  high: vec4f,
}

struct Outcome {
  id: u32,
  logprob: f32,
  margin: f32,
  broken: u32,
  top_ids: vec4u,
  top_logprobs: vec4f,
  low: vec4f,
  high: vec4f,
}

// Four ids to a word.
@group(0) @binding(2) var<storage, read> signs: array<u32>;
@group(0) @binding(4) var<storage, read_write> parts: array<Part>;
@group(0) @binding(5) var<storage, read_write> outcomes: array<Outcome>;

var<workgroup> lanes: array<Part, ${LANES}>;

fn empty_part() -> Part {
  var part: Part;
  part.score = LEAST;
  part.runner = LEAST;
  part.top_logits = vec4f(LEAST);
  part.top_ids = vec4u(0xffffffffu);
  return part;
}

fn precedes(a: f32, a_id: u32, b: f32, b_id: u32) -> bool {
  return a > b || (a == b && a_id < b_id);
}

// Ids come in rising order, so an equal score or logit comes later.
fn add_logit(part: ptr<function, Part>, id: u32, z: f32) {
  let top = (*part).top_logits;
  if (z > top.x) {
    (*part).exponentials = (*part).exponentials * exp(top.x - z) + 1.0;
  } else {
    (*part).exponentials += exp(z - top.x);
  }
  let ids = (*part).top_ids;
  if (z > top.x) {
    (*part).top_logits = vec4f(z, top.xyz);
    (*part).top_ids = vec4u(id, ids.xyz);
  } else if (z > top.y) {
    (*part).top_logits = vec4f(top.x, z, top.yz);
    (*part).top_ids = vec4u(ids.x, id, ids.yz);
  } else if (z > top.z) {
    (*part).top_logits = vec4f(top.xy, z, top.z);
    (*part).top_ids = vec4u(ids.xy, id, ids.z);
  } else if (z > top.w) {
    (*part).top_logits.w = z;
    (*part).top_ids.w = id;
  }
  (*part).total += z;
  let byte = signs[id >> 2u] >> ((id & 3u) * 8u);
  let bit = vec4u(byte) >> vec4u(0u, 1u, 2u, 3u);
  (*part).low += z * (1.0 - 2.0 * vec4f(bit & vec4u(1u)));
  (*part).high += z * (1.0 - 2.0 * vec4f((bit >> vec4u(4u)) & vec4u(1u)));
}

fn add_score(part: ptr<function, Part>, id: u32, z: f32, score: f32) {
  if (score > (*part).score) {
    (*part).runner = max((*part).runner, (*part).score);
    (*part).score = score;
    (*part).logit = z;
    (*part).id = id;
  } else {
    (*part).runner = max((*part).runner, score);
  }
}

fn merge(a: Part, b: Part) -> Part {
  var sum: Part;
  if (precedes(a.score, a.id, b.score, b.id)) {
    sum.score = a.score;
    sum.logit = a.logit;
    sum.id = a.id;
  } else {
    sum.score = b.score;
    sum.logit = b.logit;
    sum.id = b.id;
  }
  sum.runner = max(max(a.runner, b.runner), min(a.score, b.score));
  let top = max(a.top_logits.x, b.top_logits.x);
  sum.exponentials = a.exponentials * exp(a.top_logits.x - top) + b.exponentials * exp(b.top_logits.x - top);
  var from_a = 0u;
  var from_b = 0u;
  for (var i = 0u; i < 4u; i++) {
    if (precedes(a.top_logits[from_a], a.top_ids[from_a], b.top_logits[from_b], b.top_ids[from_b])) {
      sum.top_logits[i] = a.top_logits[from_a];
      sum.top_ids[i] = a.top_ids[from_a];
      from_a++;
    } else {
      sum.top_logits[i] = b.top_logits[from_b];
      sum.top_ids[i] = b.top_ids[from_b];
      from_b++;
    }
  }
  sum.total = a.total + b.total;
  sum.broken = a.broken | b.broken;
  sum.low = a.low + b.low;
  sum.high = a.high + b.high;
  return sum;
}

fn merge_lanes(lane: u32, part: Part) {
  lanes[lane] = part;
  workgroupBarrier();
  for (var stride = ${LANES / 2}u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      lanes[lane] = merge(lanes[lane], lanes[lane + stride]);
    }
    workgroupBarrier();
  }
}

// What may come is drawn; what a filter took only just is a runner-up all the same (rule S3).
fn add_controlled(part: ptr<function, Part>, draw: Draw, index: u32, id: u32, z: f32, key: vec2u) {
  if (!allowed(draw, id)) { return; }
  let adjusted_z = adjusted(draw, id, z);
  let filtered = (draw.flags & ${FILTERED}u) != 0u;
  if (filtered && adjusted_z < selections[index].possible) { return; }
  var score = adjusted_z;
  if (draw.temperature > 0.0) {
    score += draw.temperature * gumbel(threefry(key, vec2u(draw.counter, id >> 1u))[id & 1u]);
  }
  let own = key_of(adjusted_z);
  if (filtered && (own < selections[index].key || (own == selections[index].key && id > selections[index].id))) {
    (*part).runner = max((*part).runner, score);
    return;
  }
  add_score(part, id, z, score);
}

// Draws that nothing controls are the first ones, the others the last ones.
fn draw_index(i: u32) -> u32 {
  if (CONTROLLED) { return constants.rows - 1u - i; }
  return i;
}

@compute @workgroup_size(${LANES})
fn scan(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = draw_index(group.y);
  let draw = draws[index];
  let start = draw.row * constants.vocab;
  let key = vec2u(draw.seed_low, draw.seed_high);
  var part = empty_part();
  for (var i = 0u; i < ${SPAN / LANES / 2}u; i++) {
    let pair = group.x * ${SPAN / 2}u + i * ${LANES}u + lane;
    if (2u * pair >= constants.vocab) { break; }
    var words = vec2u(0u);
    if (!CONTROLLED && draw.temperature > 0.0) {
      words = threefry(key, vec2u(draw.counter, pair));
    }
    for (var odd = 0u; odd < 2u; odd++) {
      let id = 2u * pair + odd;
      if (id >= constants.vocab) { break; }
      let bits = logits[start + id];
      if (!finite(bits)) {
        part.broken = 1u;
        break;
      }
      let z = bitcast<f32>(bits);
      add_logit(&part, id, z);
      if (CONTROLLED) {
        add_controlled(&part, draw, index, id, z, key);
      } else if (draw.temperature > 0.0) {
        add_score(&part, id, z, z + draw.temperature * gumbel(words[odd]));
      } else {
        add_score(&part, id, z, z);
      }
    }
  }
  merge_lanes(lane, part);
  if (lane == 0u) {
    parts[index * constants.parts + group.x] = lanes[0];
  }
}

@compute @workgroup_size(${LANES})
fn conclude(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = draw_index(group.x);
  var part = empty_part();
  for (var i = lane; i < constants.parts; i += ${LANES}u) {
    part = merge(part, parts[index * constants.parts + i]);
  }
  merge_lanes(lane, part);
  if (lane == 0u) {
    let whole = lanes[0];
    let log_normalizer = whole.top_logits.x + log(whole.exponentials);
    let mean = whole.total / f32(constants.vocab);
    var outcome: Outcome;
    outcome.id = whole.id;
    outcome.logprob = whole.logit - log_normalizer;
    outcome.margin = whole.score - whole.runner;
    outcome.broken = whole.broken;
    if (CONTROLLED) {
      let draw = draws[index];
      outcome.margin = max(outcome.margin, 0.0);
      if ((draw.flags & ${FILTERED}u) != 0u && adjusted(draw, whole.id, whole.logit) <= selections[index].sure) {
        outcome.margin = 0.0;
      }
      if (whole.score == LEAST) { outcome.broken = 1u; } // no id can come
    }
    outcome.top_ids = whole.top_ids;
    outcome.top_logprobs = whole.top_logits - log_normalizer;
    outcome.low = (whole.low - mean * constants.sign_sums_low) * constants.scale;
    outcome.high = (whole.high - mean * constants.sign_sums_high) * constants.scale;
    outcomes[index] = outcome;
  }
}
`;
