import { expect, it } from 'vitest';
import { PieceSize } from '../../../src/engine/onnx/piece-size.ts';

it('makes pieces as long as asked for until it knows how long they take', () => {
  const size = new PieceSize(256);
  expect(size.next(false)).toBe(256);
  // The first of a size may have compiled shaders.
  size.add(256, 10_000);
  expect(size.next(false)).toBe(256);
});

it('halves pieces until nobody waits for longer than 50 ms, or 250 ms where nobody decodes, down to 32', () => {
  const size = new PieceSize(256);
  const after = (msPerToken: number, alone: boolean): number => {
    for (let i = 0; i < 2; i++) size.add(64, 64 * msPerToken);
    return size.next(alone);
  };
  expect(after(0.1, false)).toBe(256);
  expect(after(0.5, false)).toBe(64);
  expect(after(0.5, true)).toBe(256);
  expect(after(1, true)).toBe(128);
  expect(after(5, false)).toBe(32);
  expect(after(100, true)).toBe(32);
});

it('never asks for more than it was told, however short', () => {
  const size = new PieceSize(16);
  for (let i = 0; i < 2; i++) size.add(16, 1000);
  expect(size.next(false)).toBe(16);
});
