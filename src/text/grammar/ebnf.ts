import type { CharRange, Expression } from './expression.ts';
import type { Grammar } from './grammar.ts';

/**
 * A grammar in the notation that xgrammar compiles: one rule a line, everything but letters and digits escaped.
 *
 * In 0.1.27 a class of characters is right for ASCII only, and beyond it stands for bytes: so whatever is beyond is
 * written as the bytes of its UTF-8. (Its negated classes know more, but take malformed UTF-8 for characters.)
 */
export function printEbnf(grammar: Grammar): string {
  return [...grammar].map(([name, expression]) => `${name} ::= ${print(expression)}\n`).join('');
}

function print(expression: Expression): string {
  switch (expression.kind) {
    case 'text':
      return printText(expression.text);
    case 'chars':
      return `[${expression.ranges.map(printRange).join('')}]`;
    case 'byte': {
      // A class of a single character would become a text, and so its UTF-8: it is named twice.
      const [first, last] = expression.range;
      return first === last ? `[${escape(first)}${escape(first)}]` : `[${printRange(expression.range)}]`;
    }
    case 'rule':
      return expression.name;
    case 'sequence':
      return expression.items.map(printPart).join(' ');
    case 'choice':
      return expression.items.map(print).join(' | ');
    case 'repeat':
      return `${printPart(expression.item)}${quantifier(expression.least, expression.most)}`;
    case 'dispatch': {
      const pairs = expression.triggers.map(([trigger, rule]) => `(${printText(trigger)}, ${rule})`);
      return `TagDispatch(${[...pairs, 'stop_eos=true', `loop_after_dispatch=${expression.again}`].join(', ')})`;
    }
  }
}

function printText(text: string): string {
  return `"${Array.from(text, (char) => escape(char.codePointAt(0)!)).join('')}"`;
}

function printPart(item: Expression): string {
  const compound = item.kind === 'sequence' || item.kind === 'choice' || item.kind === 'repeat';
  return compound ? `(${print(item)})` : print(item);
}

function quantifier(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`;
  return least === 0 && most === 1 ? '?' : `{${least},${most}}`;
}

function printRange([first, last]: CharRange): string {
  return first === last ? escape(first) : `${escape(first)}-${escape(last)}`;
}

/** Letters, digits and blanks stand for themselves. */
function escape(code: number): string {
  const char = String.fromCodePoint(code);
  return /[A-Za-z0-9 ]/.test(char) ? char : `\\U${code.toString(16).padStart(8, '0')}`;
}
