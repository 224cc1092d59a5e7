import { CALL_BEGIN, CALL_END } from './tool-format.ts';

/** What a piece of an answer turned out to be; calls are numbered from 0. */
export type AnswerPart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'call'; readonly index: number; readonly name: string }
  /** More of a call's arguments: JSON text as the model wrote it. */
  | { readonly type: 'arguments'; readonly index: number; readonly text: string };

/** Divides an answer into text and calls of the form in `tool-format.ts`, wherever its pieces are cut. */
export interface ToolCallReader {
  push(piece: string): AnswerPart[];
  /** The answer is over: what was held back. A call without its name is dropped, one without its end stays as it is. */
  end(): AnswerPart[];
  /** Calls that came to their end. */
  readonly whole: number;
}

const HEAD = /^\s*\{\s*"name"\s*:\s*"([^"\\]*)"\s*,\s*"arguments"\s*:\s*(?=\S)/;

/** Longest head that may still turn out to be one: a name has 64 characters at most. */
const HEAD_LENGTH = 256;

export function createToolCallReader(): ToolCallReader {
  let state: 'text' | 'head' | 'arguments' | 'tail' = 'text';
  /** Not given out yet. */
  let held = '';
  let index = -1;
  let whole = 0;
  let scanner = createValueScanner();

  /** Spaces beside calls are part of their form; elsewhere they are text. */
  function takeText(parts: AnswerPart[]): boolean {
    const at = held.indexOf(CALL_BEGIN);
    if (at >= 0) {
      addText(parts, held.slice(0, at).trimEnd());
      held = held.slice(at + CALL_BEGIN.length);
      state = 'head';
      return true;
    }
    if (index >= 0) held = held.trimStart();
    const keep = heldLength(held);
    addText(parts, held.slice(0, held.length - keep));
    held = held.slice(held.length - keep);
    return false;
  }

  function takeHead(parts: AnswerPart[]): boolean {
    const head = HEAD.exec(held);
    if (head) {
      parts.push({ type: 'call', index: ++index, name: head[1] as string });
      held = held.slice(head[0].length);
      scanner = createValueScanner();
      state = 'arguments';
      return true;
    }
    // No constraint lets this happen: whatever it is, it is shown.
    if (held.length < HEAD_LENGTH) return false;
    addText(parts, CALL_BEGIN + held);
    held = '';
    state = 'text';
    return false;
  }

  function takeArguments(parts: AnswerPart[]): boolean {
    const { text, used, isOver } = scanner.scan(held);
    if (text !== '') parts.push({ type: 'arguments', index, text });
    held = held.slice(used);
    if (isOver) state = 'tail';
    return isOver;
  }

  function takeTail(): boolean {
    const at = held.indexOf(CALL_END);
    if (at < 0) return false;
    held = held.slice(at + CALL_END.length);
    whole++;
    state = 'text';
    return true;
  }

  return {
    get whole() {
      return whole;
    },
    push(piece) {
      const parts: AnswerPart[] = [];
      held += piece;
      const take = { text: takeText, head: takeHead, arguments: takeArguments, tail: takeTail };
      while (take[state](parts));
      return parts;
    },
    end() {
      const parts: AnswerPart[] = [];
      if (state === 'text') addText(parts, index >= 0 ? held.trimEnd() : held);
      held = '';
      return parts;
    },
  };
}

function addText(parts: AnswerPart[], text: string): void {
  if (text !== '') parts.push({ type: 'text', text });
}

/** Length of the end that may turn out to belong to a call: spaces, and the beginning of its begin tag. */
function heldLength(text: string): number {
  let tag = Math.min(text.length, CALL_BEGIN.length - 1);
  while (tag > 0 && !CALL_BEGIN.startsWith(text.slice(text.length - tag))) tag--;
  const before = text.slice(0, text.length - tag);
  return tag + before.length - before.trimEnd().length;
}

interface ValueScanner {
  /** `text` is more of the value, `used` how many characters were read; `isOver` once its object closes around it. */
  scan(piece: string): { text: string; used: number; isOver: boolean };
}

/** Finds where a JSON value ends inside an object: before the `}` that it does not open itself. */
function createValueScanner(): ValueScanner {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  /** Spaces that may be behind the value. */
  let spaces = '';

  function isEnd(char: string): boolean {
    if (inString) {
      if (!isEscaped && char === '"') inString = false;
      isEscaped = !isEscaped && char === '\\';
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') depth++;
    else if (char === ']') depth--;
    else if (char === '}' && --depth < 0) return true;
    return false;
  }

  return {
    scan(piece) {
      let text = '';
      for (let at = 0; at < piece.length; at++) {
        const char = piece[at] as string;
        if (isEnd(char)) return { text, used: at, isOver: true };
        if (!inString && depth === 0 && char.trim() === '') {
          spaces += char;
          continue;
        }
        text += spaces + char;
        spaces = '';
      }
      return { text, used: piece.length, isOver: false };
    },
  };
}
