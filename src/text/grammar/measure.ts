import type { Expression } from './expression.ts';
import type { Grammar } from './grammar.ts';

/** Places in a grammar, at most, whatever the vocabulary. */
export const MOST_PLACES = 20_000;

/**
 * Places x tokens, at most. Compiling tries each token at each place: 85 ms for a place in a string and 150,000 tokens,
 * 0.2 ms for another, on one core without a GPU. This is two seconds.
 */
export const MOST_WORK = 3_600_000;

/** A place where only punctuation or digits may come, as a part of one where any text may. */
const NARROW = 1 / 300;

export interface GrammarSize {
  /** Where a document can be: one for each character of a text, each class, each repetition. */
  readonly places: number;
  /** The same, weighed by how many tokens come into question there. */
  readonly work: number;
}

export function measureGrammar(grammar: Grammar): GrammarSize {
  let size: GrammarSize = { places: 0, work: 0 };
  for (const expression of grammar.values()) size = sum([size, measure(expression)]);
  return size;
}

function measure(expression: Expression): GrammarSize {
  switch (expression.kind) {
    case 'text':
      return narrow(expression.text.length);
    case 'chars':
      return expression.ranges.some(([first, last]) => first <= 0x65 && last >= 0x67)
        ? { places: 1, work: 1 }
        : narrow(1);
    case 'byte':
    case 'rule':
      return narrow(1);
    case 'sequence':
    case 'choice':
      return sum([narrow(1), ...expression.items.map(measure)]);
    case 'repeat': {
      const { item, least, most } = expression;
      const times = most === Number.POSITIVE_INFINITY ? least + 1 : most;
      const { places, work } = measure(item);
      return sum([narrow(1), { places: places * times, work: work * times }]);
    }
    case 'dispatch':
      return sum([{ places: 1, work: 1 }, ...expression.triggers.map(([text]) => narrow(text.length))]);
  }
}

const narrow = (places: number): GrammarSize => ({ places, work: places * NARROW });

function sum(sizes: readonly GrammarSize[]): GrammarSize {
  return sizes.reduce((total, { places, work }) => ({
    places: total.places + places,
    work: total.work + work,
  }));
}
