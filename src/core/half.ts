/**
 * IEEE 754 half precision, round to nearest even, written out so that every runtime and the WGSL kernel's reader
 * agree bit for bit (`Math.f16round` is missing in older runtimes).
 */
const floats = new Float32Array(1);
const words = new Uint32Array(floats.buffer);

/** The 16 bits of the half nearest to `value`; overflow gives infinity, NaN stays NaN. */
export function toHalf(value: number): number {
  floats[0] = value;
  const bits = words[0] as number;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Subnormal halves count multiples of 2^-24; scaling is exact, so rounding happens once.
    const scaled = Math.abs(floats[0]) * 2 ** 24;
    const floor = Math.floor(scaled);
    const rest = scaled - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
  return sign | ((rounded - 0x38000000) >>> 13);
}

/** Writes the values of halves, given by their bits, into `floats`. Exact, and native where the runtime has it. */
export function widenHalves(halves: Uint16Array<ArrayBuffer>, floats: Float32Array): void {
  if (typeof Float16Array === 'undefined') {
    for (let i = 0; i < halves.length; i++) floats[i] = fromHalf(halves[i]!);
  } else {
    floats.set(new Float16Array(halves.buffer, halves.byteOffset, halves.length));
  }
}

/** The exact value of a half's 16 bits. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
