import { CodedError } from '../../core/errors.ts';
import { utf8 } from '../../core/bytes.ts';
import type { CharRange, Expression } from './expression.ts';
import type { Grammar } from './grammar.ts';

/** What the texts of an expression can begin with. */
export interface FirstBytes {
  /** Bit b: the byte b. */
  readonly bytes: bigint;
  /** The text may be empty. */
  readonly empty: boolean;
}

/**
 * Finds what expressions begin with.
 * @throws CodedError `schema_unsupported` where a rule begins with itself
 */
export function createFirstBytes(grammar: Grammar): (expression: Expression) => FirstBytes {
  const known = new Map<string, FirstBytes | undefined>();
  function ofRule(name: string): FirstBytes {
    const found = known.get(name);
    if (found) return found;
    if (known.has(name)) {
      const message = 'A schema refers to itself without anything between.';
      throw new CodedError('schema_unsupported', message, { path: '#', keyword: '$ref' });
    }
    known.set(name, undefined);
    const first = of(grammar.get(name)!);
    known.set(name, first);
    return first;
  }
  function of(expression: Expression): FirstBytes {
    switch (expression.kind) {
      case 'text':
        return { bytes: ofText(expression.text), empty: expression.text === '' };
      case 'chars':
        return {
          bytes: expression.ranges.reduce((bytes, range) => bytes | ofRange(range), 0n),
          empty: false,
        };
      case 'byte':
        return { bytes: ofRange(expression.range), empty: false };
      case 'rule':
        return ofRule(expression.name);
      case 'sequence':
        return ofSequence(expression.items);
      case 'choice': {
        const all = expression.items.map(of);
        return {
          bytes: all.reduce((sum, { bytes }) => sum | bytes, 0n),
          empty: all.some(({ empty }) => empty),
        };
      }
      case 'repeat': {
        const { bytes, empty } = of(expression.item);
        return { bytes, empty: empty || expression.least === 0 };
      }
      case 'dispatch':
        return { bytes: ofRange([0, 255]), empty: true };
    }
  }
  function ofSequence(items: readonly Expression[]): FirstBytes {
    let bytes = 0n;
    for (const item of items) {
      const first = of(item);
      bytes |= first.bytes;
      if (!first.empty) return { bytes, empty: false };
    }
    return { bytes, empty: true };
  }
  return of;
}

function ofText(text: string): bigint {
  return text === '' ? 0n : 1n << BigInt(utf8(text.slice(0, 2))[0]!);
}

function ofRange([first, last]: CharRange): bigint {
  return ((1n << BigInt(last - first + 1)) - 1n) << BigInt(first);
}
