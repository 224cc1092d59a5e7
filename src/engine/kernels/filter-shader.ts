import { EPSILON } from '../../protocol/constants.ts';
import { MAX_TOP } from '../../protocol/wire/sample.ts';
import { BOUNDLESS, drawShader, FILTERED } from './draw-shader.ts';
import { edgeSearchShader, LANES } from './edge-search-shader.ts';

/**
 * Finds what top-k, top-p and min-p leave of a row, and its likeliest ids, for the draws that want that. The reference
 * is `src/engine/sampling/token-filter.ts`.
 */
export const filterShader = /* wgsl */ `
${drawShader}
${edgeSearchShader}

var<workgroup> list: array<vec2u, ${MAX_TOP}>;

// The likeliest ids of a row, those before an edge, in order.
fn list_top(draw: Draw, edge: Edge, last: u32, index: u32, lane: u32) {
  if (lane == 0u) { atomicStore(&shared_count, 0u); }
  workgroupBarrier();
  for (var id = lane; id < constants.vocab; id += ${LANES}u) {
    let key = key_at(draw, id);
    if (key > edge.key || (key == edge.key && key != 0u && id <= last)) {
      let place = atomicAdd(&shared_count, 1u);
      if (place < ${MAX_TOP}u) { list[place] = vec2u(key, id); }
    }
  }
  workgroupBarrier();
  let size = min(atomicLoad(&shared_count), ${MAX_TOP}u);
  if (lane < size) {
    let own = list[lane];
    var place = 0u;
    for (var other = 0u; other < size; other++) {
      let item = list[other];
      if (item.x > own.x || (item.x == own.x && item.y < own.y)) { place++; }
    }
    selections[index].top[place] = vec2u(own.y, bitcast<u32>(float_of(own.x)));
  }
}

fn write_edges(edge: Edge, last: u32, looser: Edge, tighter: Edge, keys: vec3u, reach: f32, index: u32) {
  var next = LEAST;
  if (tighter.staying < tighter.ties) {
    next = float_of(tighter.key);
  } else if (tighter.next > 0u) {
    next = float_of(tighter.next);
  }
  var second = LEAST;
  if (keys.y > 0u) { second = float_of(keys.y); }
  let least = float_of(keys.x) + reach;
  let everything = looser.next == 0u && looser.staying >= looser.ties;
  selections[index].key = max(edge.key, key_of(least));
  selections[index].id = select(last, 0xffffffffu, key_of(least) > edge.key);
  selections[index].possible = max(select(float_of(looser.key), LEAST, everything), least) - ${EPSILON};
  // The greatest stays whatever the filters, where it is sure to be the greatest.
  selections[index].sure = min(max(next, least), second) + ${EPSILON};
}

const EXACT = 0u;
const LOOSER = 1u;
const TIGHTER = 2u;
const TOP = 3u;

// One workgroup for each draw of a step. The searches share one call: shader compilers inline each.
@compute @workgroup_size(${LANES})
fn select_ids(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let draw = draws[group.x];
  let filtered = (draw.flags & ${FILTERED}u) != 0u;
  var own = draw;
  var keys = vec3u(0u);
  var filter_keys = vec3u(0u);
  var total = 0.0;
  var edge: Edge;
  var last = 0u;
  var looser: Edge;
  var tighter: Edge;
  for (var purpose = EXACT; purpose <= TOP; purpose++) {
    if (!select(filtered, draw.top > 0u, purpose == TOP)) { continue; }
    var most = draw.count;
    var target_mass = ${BOUNDLESS};
    if (purpose == TOP) {
      // Of the model's own distribution.
      own.flags = 0u;
      own.temperature = 1.0;
      most = draw.top;
    }
    if (purpose == EXACT || purpose == TOP) { keys = extremes(own, lane); }
    if (keys.x == 0u) { continue; } // no id can come
    if (purpose == EXACT) {
      filter_keys = keys;
      total = total_mass(own, float_of(keys.x), lane);
      target_mass = total * max(draw.share, 1e-9);
    } else if (purpose == LOOSER) {
      // Mostly it is the same edge.
      target_mass = total * max(draw.possible_share, 1e-9);
      let mass = edge.mass + f32(edge.staying) * edge.each;
      if (mass >= target_mass || edge.count + edge.staying >= most) { continue; }
    } else if (purpose == TIGHTER) {
      target_mass = total * max(draw.sure_share, 1e-9);
      let mass = edge.mass + f32(max(edge.staying, 1u) - 1u) * edge.each;
      if (mass < target_mass) { continue; }
    }
    let result = search(own, keys, most, target_mass, lane);
    switch (purpose) {
      case LOOSER: { looser = result; }
      case TIGHTER: { tighter = result; }
      default: {
        let id = last_id(own, result, lane);
        if (purpose == TOP) {
          list_top(own, result, id, group.x, lane);
        } else {
          edge = result;
          looser = result;
          tighter = result;
          last = id;
        }
      }
    }
  }
  if (lane == 0u && filter_keys.x != 0u) {
    write_edges(edge, last, looser, tighter, filter_keys, draw.reach, group.x);
  }
}
`;
