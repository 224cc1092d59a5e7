import { expect, it } from 'vitest';
import { addressFault, describeAddress } from '../../../src/app/words/model-address.ts';

it.each([
  ['https://models.example/qwen3-0.6b/manifest.json#q4', 'qwen3-0.6b, q4'],
  ['https://models.example/a/b/manifest.json', 'b'],
  ['http://127.0.0.1:8787/manifest.json#fp32', '127.0.0.1:8787, fp32'],
  ['shakespeare-1m-fp32', undefined],
  ['https://', undefined],
])('%s is called %s', (address, words) => {
  expect(describeAddress(address)).toBe(words);
  expect(addressFault(address) === undefined).toBe(words !== undefined);
});
