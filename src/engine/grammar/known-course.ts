import type { TokenConstraint } from './token-constraint.ts';

/**
 * A constraint along an output that is known already, as a scoring has it: what may come at each of its places is asked
 * for beforehand, so that nobody has to wait for it. Where the output breaks the constraint, its course ends.
 * @param constraint at the place of the first id; closed here
 */
export async function followCourse(
  constraint: TokenConstraint,
  ids: readonly number[],
): Promise<TokenConstraint> {
  const course: { readonly mask: Uint32Array; readonly done: boolean }[] = [];
  try {
    for (const id of ids) {
      const mask = constraint.mask().slice();
      course.push({ mask, done: constraint.done });
      const isLast = course.length === ids.length;
      if (isLast || constraint.done || !allows(mask, id)) break;
      await constraint.accept(id);
    }
  } finally {
    constraint.close?.();
  }
  let place = 0;
  const now = () => course[place]!;
  return {
    mask: () => now().mask,
    accept: () => void (place = Math.min(place + 1, course.length - 1)),
    get done() {
      return now().done;
    },
  };
}

function allows(mask: Uint32Array, id: number): boolean {
  return ((mask[id >>> 5] ?? 0) >>> (id & 31)) % 2 === 1;
}
