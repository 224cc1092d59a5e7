import { threefry2x32 } from './sampling-noise.ts';

/** Width of the projection of the logits that a leaf commits to. */
export const PROJECTION_WIDTH = 8;

/** "proj" and the version of this rule: the projection is the same for everybody and forever (rule S4). */
const KEY_LOW = 0x70726f6a;
const KEY_HIGH = 1;

/**
 * The signs of the ±1 projection: bit j of byte i is set where token id i counts negatively in component j.
 * Constant per vocabulary size: computed once and kept on the GPU.
 */
export function projectionSigns(vocab: number): Uint8Array {
  const signs = new Uint8Array(vocab);
  const words = new Uint32Array(2);
  for (let id = 0; id < vocab; id++) {
    threefry2x32(KEY_LOW, KEY_HIGH, id, 0, words);
    signs[id] = (words[0] as number) & 0xff;
  }
  return signs;
}
