/** Inclusive, of code points or bytes. */
export type CharRange = readonly [first: number, last: number];

/** What a rule's text may be: a context-free grammar's right side, as data. */
export type Expression =
  | { readonly kind: 'text'; readonly text: string }
  /** One ASCII character. */
  | { readonly kind: 'chars'; readonly ranges: readonly CharRange[] }
  /** One byte of a character beyond ASCII. */
  | { readonly kind: 'byte'; readonly range: CharRange }
  | { readonly kind: 'rule'; readonly name: string }
  | { readonly kind: 'sequence'; readonly items: readonly Expression[] }
  | { readonly kind: 'choice'; readonly items: readonly Expression[] }
  | {
      readonly kind: 'repeat';
      readonly item: Expression;
      readonly least: number;
      /** Infinity for no bound. */
      readonly most: number;
    }
  /** Any text, until one of the triggers has come whole: its rule says what follows it. */
  | {
      readonly kind: 'dispatch';
      readonly triggers: readonly (readonly [text: string, rule: string])[];
      /** Whether there is free text again after a rule's end; else nothing follows it. */
      readonly again: boolean;
    };

export const EMPTY: Expression = { kind: 'text', text: '' };

/** No text at all fits it: the grammar around it has to do without. */
export const NOTHING: Expression = { kind: 'choice', items: [] };

export const text = (value: string): Expression => ({ kind: 'text', text: value });
export const chars = (...ranges: CharRange[]): Expression => ({ kind: 'chars', ranges });
export const byte = (range: CharRange): Expression => ({ kind: 'byte', range });
export const rule = (name: string): Expression => ({ kind: 'rule', name });

/** @param items with texts side by side made one */
export function sequence(...items: readonly Expression[]): Expression {
  const flat: Expression[] = [];
  for (const item of items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]))) {
    const last = flat.at(-1);
    if (item.kind === 'text' && item.text === '') continue;
    if (item.kind === 'text' && last?.kind === 'text') flat[flat.length - 1] = text(last.text + item.text);
    else flat.push(item);
  }
  return flat.length === 0 ? EMPTY : flat.length === 1 ? flat[0]! : { kind: 'sequence', items: flat };
}

export function choice(...items: readonly Expression[]): Expression {
  return items.length === 1 ? items[0]! : { kind: 'choice', items };
}

export function repeat(item: Expression, least: number, most = Number.POSITIVE_INFINITY): Expression {
  if (most === 0) return EMPTY;
  return least === 1 && most === 1 ? item : { kind: 'repeat', item, least, most };
}

export const optional = (item: Expression): Expression => repeat(item, 0, 1);
