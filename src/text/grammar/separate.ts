import { EMPTY, choice, type Expression, rule, sequence, text } from './expression.ts';
import { createFirstBytes } from './first-bytes.ts';
import type { Grammar } from './grammar.ts';

/** Stands before an alternative to keep xgrammar from writing its rule out in place. */
const NIL = 'nil';

/**
 * The same grammar with alternatives that begin differently, or are rules of their own.
 *
 * xgrammar 0.1.27 makes an automaton of each rule, and where two alternatives begin with equal parts it may merge states
 * that are not equal: `[1-9][0-9][0-9] | [1-9][0-9][0-9][0-9]` then takes numbers of two digits. Rules of terminals alone
 * are first written out where they are used.
 * @throws CodedError `schema_unsupported` where a rule begins with itself
 */
export function separateAlternatives(grammar: Grammar): Grammar {
  const firstBytes = createFirstBytes(grammar);
  const separated = new Map<string, Expression>();
  let count = 0;

  function separate(expression: Expression): Expression {
    switch (expression.kind) {
      case 'sequence':
        return sequence(...expression.items.map(separate));
      case 'repeat':
        return { ...expression, item: separate(expression.item) };
      case 'choice':
        return choice(...ownRules(factor(flatten(expression.items))).map(separateParts));
      default:
        return expression;
    }
  }

  /** Within an alternative. */
  const separateParts = (item: Expression): Expression => (item.kind === 'choice' ? item : separate(item));

  /** Gives each alternative that may begin like another a rule of its own. */
  function ownRules(items: readonly Expression[]): Expression[] {
    const firsts = items.map((item) => firstBytes(item).bytes);
    return items.map((item, i) => {
      const unclear = firsts.some((bytes, j) => j !== i && (bytes & firsts[i]!) !== 0n);
      if (!unclear) return item;
      const name = `either_${++count}`;
      separated.set(NIL, EMPTY);
      separated.set(name, sequence(rule(NIL), separate(item)));
      return rule(name);
    });
  }

  for (const [name, expression] of grammar) separated.set(name, separate(expression));
  return separated;
}

/** All alternatives, each rule once. */
function flatten(items: readonly Expression[]): Expression[] {
  const flat = items.flatMap((item) => (item.kind === 'choice' ? flatten(item.items) : [item]));
  const seen = new Set<string>();
  return flat.filter((item) => {
    const key =
      item.kind === 'rule' ? item.name : item.kind === 'text' ? JSON.stringify(item.text) : undefined;
    if (key === undefined) return true;
    return !seen.has(key) && seen.add(key);
  });
}

/** Writes the common beginnings of texts once: `"ab" | "ac" x` becomes `"a" ("b" | "c" x)`. */
function factor(items: readonly Expression[]): Expression[] {
  const groups = new Map<string, Expression[]>();
  const others: Expression[] = [];
  for (const item of items) {
    const begin = beginOf(item);
    if (begin === '') others.push(item);
    else {
      const [first] = begin;
      groups.set(first!, [...(groups.get(first!) ?? []), item]);
    }
  }
  const factored = [...groups.values()].map((group) => {
    if (group.length === 1) return group[0]!;
    const shared = group.map(beginOf).reduce(commonBegin);
    const rests = group.map((item) => withoutBegin(item, shared.length));
    return sequence(text(shared), choice(...factor(flatten(rests))));
  });
  return [...others, ...factored];
}

function beginOf(item: Expression): string {
  const first = item.kind === 'sequence' ? item.items[0]! : item;
  return first.kind === 'text' ? first.text : '';
}

function withoutBegin(item: Expression, length: number): Expression {
  const [first, ...rest] = item.kind === 'sequence' ? item.items : [item];
  return sequence(text((first as { text: string }).text.slice(length)), ...rest);
}

/** Whole characters. */
function commonBegin(a: string, b: string): string {
  const [first, second] = [Array.from(a), Array.from(b)];
  const end = first.findIndex((char, i) => char !== second[i]);
  return end < 0 ? a : first.slice(0, end).join('');
}
