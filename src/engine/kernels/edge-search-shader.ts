import { BOUNDLESS } from './draw-shader.ts';

/** Threads of the one workgroup that looks through a row: as many as every GPU has; 8 KiB of sums. */
export const LANES = 256;

/**
 * Finds where ids end in the order of falling z' and rising ids: after so many, or so much mass.
 *
 * Nothing is sorted. An edge is searched for in the order of keys: the ids of an interval are counted and weighed in
 * eight bins, the bin that the edge falls into is the next interval, until it has one id or one key. Whatever the
 * distribution and the vocabulary, that takes at most eleven passes over the row; equal logits take one more.
 */
export const edgeSearchShader = /* wgsl */ `
struct Interval {
  low: u32,
  high: u32,
  // Ids above it, and their mass.
  count: u32,
  mass: f32,
  // Ids in it.
  inside: u32,
}

// The ids of one key that an edge falls into.
struct Edge {
  key: u32,
  // Ids above it, and their mass.
  count: u32,
  mass: f32,
  // How many ids have the key, how many of them stay, and the mass of one.
  ties: u32,
  staying: u32,
  each: f32,
  // The greatest key below it, or 0.
  next: u32,
}

// Each lane's bins; their sums end in the first lane's.
var<workgroup> masses: array<vec4f, ${2 * LANES}>;
var<workgroup> bins: array<atomic<u32>, 8>;
var<workgroup> ties_of: array<u32, ${LANES}>;
var<workgroup> interval: Interval;
var<workgroup> found: Edge;
var<workgroup> keys_of_row: vec3u;
var<workgroup> shared_key: atomic<u32>;
var<workgroup> shared_next: atomic<u32>;
var<workgroup> shared_count: atomic<u32>;

// 0 for an id that can't come.
fn key_at(draw: Draw, id: u32) -> u32 {
  let bits = logits[draw.row * constants.vocab + id];
  if (!finite(bits) || !allowed(draw, id)) { return 0u; }
  return key_of(adjusted(draw, id, bitcast<f32>(bits)));
}

fn mass_of(draw: Draw, key: u32, greatest: f32) -> f32 {
  return exp((float_of(key) - greatest) / draw.temperature);
}

// Sums what the lanes put into 'masses'.
fn sum_masses(lane: u32) {
  workgroupBarrier();
  for (var stride = ${LANES / 2}u; stride > 0u; stride >>= 1u) {
    if (lane < stride) {
      masses[2u * lane] += masses[2u * (lane + stride)];
      masses[2u * lane + 1u] += masses[2u * (lane + stride) + 1u];
    }
    workgroupBarrier();
  }
}

// Every lane's part is over, and the shared numbers are 0.
fn clear_shared(lane: u32) {
  workgroupBarrier();
  if (lane == 0u) {
    atomicStore(&shared_key, 0u);
    atomicStore(&shared_next, 0u);
    atomicStore(&shared_count, 0u);
  }
  if (lane < 8u) { atomicStore(&bins[lane], 0u); }
  workgroupBarrier();
}

// The two greatest keys of the row, and the least; 0 where no id can come.
fn extremes(draw: Draw, lane: u32) -> vec3u {
  var greatest = 0u;
  var second = 0u;
  // As its complement, which is greatest for the least key.
  var least = 0u;
  for (var id = lane; id < constants.vocab; id += ${LANES}u) {
    let key = key_at(draw, id);
    if (key == 0u) { continue; }
    second = max(min(greatest, key), second);
    greatest = max(greatest, key);
    least = max(least, ~key);
  }
  clear_shared(lane);
  atomicMax(&shared_key, greatest);
  atomicMax(&bins[0], least);
  workgroupBarrier();
  let all = atomicLoad(&shared_key);
  if (greatest == all) {
    // Where two lanes have it, it is the second greatest, too.
    if (atomicAdd(&shared_count, 1u) > 0u) { second = greatest; }
  } else {
    second = greatest;
  }
  atomicMax(&shared_next, second);
  workgroupBarrier();
  if (lane == 0u) { keys_of_row = vec3u(all, atomicLoad(&shared_next), ~atomicLoad(&bins[0])); }
  return workgroupUniformLoad(&keys_of_row);
}

fn total_mass(draw: Draw, greatest: f32, lane: u32) -> f32 {
  var mass = 0.0;
  for (var id = lane; id < constants.vocab; id += ${LANES}u) {
    let key = key_at(draw, id);
    if (key != 0u) { mass += mass_of(draw, key, greatest); }
  }
  masses[2u * lane] = vec4f(mass, 0.0, 0.0, 0.0);
  masses[2u * lane + 1u] = vec4f(0.0);
  sum_masses(lane);
  return workgroupUniformLoad(&masses[0]).x;
}

// Counts and weighs an interval's ids in eight bins, the greatest keys in the first.
fn fill_bins(draw: Draw, at: Interval, width: u32, greatest: f32, lane: u32) {
  clear_shared(lane);
  var mass_a = vec4f(0.0);
  var mass_b = vec4f(0.0);
  var count_a = vec4u(0u);
  var count_b = vec4u(0u);
  for (var id = lane; id < constants.vocab; id += ${LANES}u) {
    let key = key_at(draw, id);
    if (key < at.low || key > at.high || key == 0u) { continue; }
    let bin = vec4u((at.high - key) / width);
    let in_a = bin == vec4u(0u, 1u, 2u, 3u);
    let in_b = bin == vec4u(4u, 5u, 6u, 7u);
    let mass = vec4f(mass_of(draw, key, greatest));
    mass_a += select(vec4f(0.0), mass, in_a);
    mass_b += select(vec4f(0.0), mass, in_b);
    count_a += select(vec4u(0u), vec4u(1u), in_a);
    count_b += select(vec4u(0u), vec4u(1u), in_b);
  }
  masses[2u * lane] = mass_a;
  masses[2u * lane + 1u] = mass_b;
  for (var bin = 0u; bin < 4u; bin++) {
    if (count_a[bin] > 0u) { atomicAdd(&bins[bin], count_a[bin]); }
    if (count_b[bin] > 0u) { atomicAdd(&bins[bin + 4u], count_b[bin]); }
  }
  sum_masses(lane);
}

// The bin that holds the last id before which there are fewer than 'most' ids and a mass below 'target'.
fn narrow(at: Interval, width: u32, most: u32, target_mass: f32) -> Interval {
  var next = Interval(0u, 0u, at.count, at.mass, 0u);
  var above = at.count;
  var mass_above = at.mass;
  for (var bin = 0u; bin < 8u; bin++) {
    let count = atomicLoad(&bins[bin]);
    let mass = masses[bin >> 2u][bin & 3u];
    if (count == 0u) { continue; }
    // The last bin with ids is the answer where no other is: its sum may be short by a rounding error.
    let skipped = min(width * bin, at.high - at.low);
    next.high = at.high - skipped;
    next.low = max(at.low, next.high - min(width - 1u, next.high));
    next.count = above;
    next.mass = mass_above;
    next.inside = count;
    if (above + count >= most || mass_above + mass >= target_mass) { break; }
    above += count;
    mass_above += mass;
  }
  return next;
}

// Where the ids end before which there are fewer than 'most' ids and a mass below 'target_mass'.
fn search(draw: Draw, keys: vec3u, most: u32, target_mass: f32, lane: u32) -> Edge {
  let greatest = float_of(keys.x);
  var at = Interval(keys.z, keys.x, 0u, 0.0, constants.vocab);
  for (var turn = 0u; turn < 12u; turn++) {
    if (at.inside <= 1u || at.low == at.high) { break; }
    let width = (at.high - at.low) / 8u + 1u;
    fill_bins(draw, at, width, greatest, lane);
    if (lane == 0u) { interval = narrow(at, width, most, target_mass); }
    at = workgroupUniformLoad(&interval);
  }
  clear_shared(lane);
  var last = 0u;
  var below = 0u;
  var ties = 0u;
  for (var id = lane; id < constants.vocab; id += ${LANES}u) {
    let key = key_at(draw, id);
    if (key == 0u || key > at.high) { continue; }
    if (key >= at.low) {
      // One id or one key is in the interval.
      last = key;
      ties++;
    } else {
      below = max(below, key);
    }
  }
  if (ties > 0u) {
    atomicMax(&shared_key, last);
    atomicAdd(&shared_count, ties);
  }
  atomicMax(&shared_next, below);
  workgroupBarrier();
  if (lane == 0u) {
    var edge = Edge(atomicLoad(&shared_key), at.count, at.mass, atomicLoad(&shared_count), 0u, 0.0, atomicLoad(&shared_next));
    edge.each = mass_of(draw, edge.key, greatest);
    edge.staying = edge.ties;
    if (edge.each > 0.0 && target_mass < ${BOUNDLESS}) {
      let wanted = ceil((target_mass - edge.mass) / edge.each);
      if (wanted < f32(edge.ties)) { edge.staying = u32(max(wanted, 1.0)); }
    }
    if (most > edge.count) { edge.staying = min(edge.staying, most - edge.count); }
    found = edge;
  }
  return workgroupUniformLoad(&found);
}

// The id of the nth of the ids with a key, in rising order.
fn nth_tie(draw: Draw, key: u32, n: u32, lane: u32) -> u32 {
  let share = (constants.vocab + ${LANES - 1}u) / ${LANES}u;
  let first = lane * share;
  let end = min(first + share, constants.vocab);
  var ties = 0u;
  for (var id = first; id < end; id++) {
    if (key_at(draw, id) == key) { ties++; }
  }
  ties_of[lane] = ties;
  workgroupBarrier();
  var before = 0u;
  for (var other = 0u; other < lane; other++) { before += ties_of[other]; }
  if (before < n && before + ties >= n) {
    for (var id = first; id < end; id++) {
      if (key_at(draw, id) == key) {
        before++;
        if (before == n) { atomicStore(&shared_key, id); }
      }
    }
  }
  workgroupBarrier();
  return atomicLoad(&shared_key);
}

// The last id that stays of an edge's key.
fn last_id(draw: Draw, edge: Edge, lane: u32) -> u32 {
  if (edge.staying >= edge.ties) { return 0xffffffffu; }
  return nth_tie(draw, edge.key, edge.staying, lane);
}
`;
