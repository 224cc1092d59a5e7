import { type CharRange, choice, type Expression, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar.ts';
import { PLAIN_CHARS, textOf } from './json-rules.ts';
import { characters } from './utf8-ranges.ts';

interface Node {
  /** A name ends here. */
  end: boolean;
  readonly next: Map<number, Node>;
}

/**
 * A quoted key that is none of `names`. Without escapes: an escape would be another spelling of the same name, and the
 * later of two equal keys would take the place of the declared one.
 */
export function otherKey(grammar: GrammarBuilder, names: readonly string[]): Expression {
  const root: Node = { end: false, next: new Map() };
  for (const name of names)
    insert(
      root,
      Array.from(name, (char) => char.codePointAt(0)!),
    );
  const rest = textOf(grammar, 'key_rest', characters(PLAIN_CHARS));
  return sequence(text('"'), follow(grammar, root, rest));
}

function insert(root: Node, codes: readonly number[]): void {
  let node = root;
  for (const code of codes) {
    const next = node.next.get(code) ?? { end: false, next: new Map() };
    node.next.set(code, next);
    node = next;
  }
  node.end = true;
}

/** What may come after the characters that led to a node. @param rest any characters, to the closing quote */
function follow(grammar: GrammarBuilder, node: Node, rest: Expression): Expression {
  if (node.next.size === 0 && !node.end) return rest;
  const taken = [...node.next.keys()].sort((a, b) => a - b);
  const others = characters(without(PLAIN_CHARS, taken)).map((char) => sequence(char, rest));
  const branches = taken
    .filter((code) => PLAIN_CHARS.some(([first, last]) => code >= first && code <= last))
    .map((code) => sequence(text(String.fromCodePoint(code)), follow(grammar, node.next.get(code)!, rest)));
  return grammar.add('key', choice(...(node.end ? [] : [text('"')]), ...others, ...branches));
}

/** @param taken rising */
function without(ranges: readonly CharRange[], taken: readonly number[]): CharRange[] {
  const left: CharRange[] = [];
  for (const [first, last] of ranges) {
    let from = first;
    for (const code of taken) {
      if (code < from || code > last) continue;
      if (code > from) left.push([from, code - 1]);
      from = code + 1;
    }
    if (from <= last) left.push([from, last]);
  }
  return left;
}
