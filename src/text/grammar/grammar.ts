import { CodedError } from '../../core/errors.ts';
import { type Expression, NOTHING, choice, repeat, rule, sequence } from './expression.ts';

/** Rules by name; a text fits the grammar if it fits the rule `root`. */
export type Grammar = ReadonlyMap<string, Expression>;

/** Collects rules; each is made once, and may refer to itself while it is made. */
export class GrammarBuilder {
  readonly #rules = new Map<string, Expression>();
  readonly #names = new Map<string, number>();

  /** The rule of that name, made now unless it is there. */
  define(name: string, make: () => Expression): Expression {
    if (!this.#rules.has(name)) {
      this.#rules.set(name, NOTHING);
      this.#rules.set(name, make());
    }
    return rule(name);
  }

  /** A rule under a name that no other has. */
  add(stem: string, expression: Expression): Expression {
    return this.define(this.freshName(stem), () => expression);
  }

  freshName(stem: string): string {
    const number = (this.#names.get(stem) ?? 0) + 1;
    this.#names.set(stem, number);
    return `${stem}_${number}`;
  }

  /** @throws CodedError `schema_unsupported` where no text at all fits */
  build(root: Expression): Grammar {
    const rules = new Map([...this.#rules, ['root', root]]);
    const fruitful = findFruitful(rules);
    if (!fruitful.has('root')) {
      const message = 'No text of finite length fits this schema.';
      throw new CodedError('schema_unsupported', message, { path: '#' });
    }
    const pruned = new Map<string, Expression>();
    const reach = (name: string): void => {
      if (pruned.has(name)) return;
      const kept = prune(rules.get(name)!, fruitful);
      pruned.set(name, kept);
      for (const next of rulesIn(kept)) reach(next);
    };
    reach('root');
    return pruned;
  }
}

/** Names of the rules that some finite text fits. */
function findFruitful(rules: Grammar): Set<string> {
  const fruitful = new Set<string>();
  for (let grown = true; grown;) {
    grown = false;
    for (const [name, expression] of rules) {
      if (fruitful.has(name) || !isFruitful(expression, fruitful)) continue;
      fruitful.add(name);
      grown = true;
    }
  }
  return fruitful;
}

function isFruitful(expression: Expression, known: ReadonlySet<string>): boolean {
  const fruitful = (item: Expression): boolean => isFruitful(item, known);
  switch (expression.kind) {
    case 'text':
    case 'byte':
    case 'dispatch':
      return true;
    case 'chars':
      return expression.ranges.length > 0;
    case 'rule':
      return known.has(expression.name);
    case 'sequence':
      return expression.items.every(fruitful);
    case 'choice':
      return expression.items.some(fruitful);
    case 'repeat':
      return expression.least === 0 || fruitful(expression.item);
  }
}

/** Without the alternatives that lead nowhere: whoever took one could never end. */
function prune(expression: Expression, fruitful: ReadonlySet<string>): Expression {
  const kept = (item: Expression): Expression => prune(item, fruitful);
  switch (expression.kind) {
    case 'sequence':
      return sequence(...expression.items.map(kept));
    case 'choice':
      return choice(...expression.items.filter((item) => isFruitful(item, fruitful)).map(kept));
    case 'repeat': {
      const { item, least, most } = expression;
      return isFruitful(item, fruitful) ? repeat(kept(item), least, most) : repeat(item, 0, 0);
    }
    case 'dispatch': {
      const triggers = expression.triggers.filter(([, name]) => fruitful.has(name));
      return { ...expression, triggers };
    }
    default:
      return expression;
  }
}

function rulesIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'rule':
      return [expression.name];
    case 'sequence':
    case 'choice':
      return expression.items.flatMap(rulesIn);
    case 'repeat':
      return rulesIn(expression.item);
    case 'dispatch':
      return expression.triggers.map(([, name]) => name);
    default:
      return [];
  }
}
