import { expect, it } from 'vitest';
import { followCourse } from '../../../../src/engine/grammar/known-course.ts';
import type { TokenConstraint } from '../../../../src/engine/grammar/token-constraint.ts';

/** Allows ids 0, 1, 2, … one after the other, in one array that is written anew; id 40 may come at any place. */
function counting(end: number): TokenConstraint & { closed: boolean } {
  const mask = new Uint32Array(2);
  let next = 0;
  const write = (): void => {
    mask.set([1 << next, 1 << 8]);
  };
  write();
  return {
    closed: false,
    mask: () => mask,
    async accept(id) {
      if (id !== next) throw new Error('It is not allowed.');
      next++;
      write();
    },
    get done() {
      return next === end;
    },
    close() {
      this.closed = true;
    },
  };
}

it('E3 what a constraint allows along a known output is there at once, place by place', async () => {
  const constraint = counting(3);
  const course = await followCourse(constraint, [0, 1, 2, 40]);
  expect(constraint.closed).toBe(true);
  const seen: [number, boolean][] = [];
  for (const id of [0, 1, 2, 40]) {
    seen.push([course.mask()[0]!, course.done]);
    expect(course.accept(id)).toBeUndefined();
  }
  expect(seen).toEqual([
    [1, false],
    [2, false],
    [4, false],
    [8, true],
  ]);
});

it('E3 ends where the output breaks it', async () => {
  const course = await followCourse(counting(9), [0, 5, 6]);
  void course.accept(0);
  expect(course.mask()[0]).toBe(2);
  void course.accept(5);
  expect(course.mask()[0]).toBe(2);
});
