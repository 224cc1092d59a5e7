/** The sampling noise in WGSL: the bits of `src/protocol/wire/sampling-noise.ts`, up to the last places of the logarithm. */
export const noiseShader = /* wgsl */ `
const UNIT = 5.9604644775390625e-8; // 2^-24

fn turn(x: vec2u, by: u32) -> vec2u {
  let sum = x.x + x.y;
  return vec2u(sum, ((x.y << by) | (x.y >> (32u - by))) ^ sum);
}

fn even_turns(x: vec2u) -> vec2u {
  return turn(turn(turn(turn(x, 13u), 15u), 26u), 6u);
}

fn odd_turns(x: vec2u) -> vec2u {
  return turn(turn(turn(turn(x, 17u), 29u), 16u), 24u);
}

fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let third = key.x ^ key.y ^ 0x1bd11bdau;
  var x = counter + key;
  x = even_turns(x) + vec2u(key.y, third + 1u);
  x = odd_turns(x) + vec2u(third, key.x + 2u);
  x = even_turns(x) + vec2u(key.x, key.y + 3u);
  x = odd_turns(x) + vec2u(key.y, third + 4u);
  return even_turns(x) + vec2u(third, key.x + 5u);
}

fn gumbel(word: u32) -> f32 {
  let uniform24 = max(word >> 8u, 1u);
  var negative_log: f32;
  if (uniform24 < 0x800000u) {
    negative_log = -log(f32(uniform24) * UNIT);
  } else {
    // log near 1 may be wrong by 2^-21, which would swamp the largest noises: a series in 1 - u instead.
    let v = f32(0x1000000u - uniform24) * UNIT;
    let s = v / (2.0 - v);
    let q = s * s;
    negative_log = 2.0 * s * (1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0
      + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))))));
  }
  return -log(negative_log);
}
`;
