import { utf8 } from '../core/bytes.ts';

/** The bytes that each token stands for: a token may be half a character, or name itself (a special one). */
export type TokenBytes = (id: number) => Uint8Array;

interface VocabularyFile {
  readonly model?: {
    readonly vocab?: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
  };
  readonly added_tokens?: readonly { readonly id: number; readonly content: string }[];
  readonly decoder?: unknown;
}

/** From a `tokenizer.json` of byte-level BPE (GPT-2, Llama 3, Qwen) or of SentencePiece with byte fallback. Lazy. */
export function createTokenBytes(file: object): TokenBytes {
  let table: Map<number, Uint8Array> | undefined;
  return (id) => (table ??= readTable(file)).get(id) ?? new Uint8Array();
}

function readTable(file: VocabularyFile): Map<number, Uint8Array> {
  const { added_tokens: added = [], decoder, model } = file;
  const vocab = model?.vocab ?? {};
  const entries = Array.isArray(vocab)
    ? (vocab as [string, number][]).map(([token], id) => [token, id] as const)
    : Object.entries(vocab as Record<string, number>);
  const bytesOf = JSON.stringify(decoder ?? {}).includes('"ByteLevel"') ? byteLevel() : sentencePiece;
  const table = new Map(entries.map(([token, id]) => [id, bytesOf(token)]));
  for (const { content, id } of added) table.set(id, utf8(content));
  return table;
}

/** GPT-2 writes each byte as one visible character: printable ones as themselves, the others from U+0100 on. */
function byteLevel(): (token: string) => Uint8Array {
  const byteOf = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const isPrintable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    byteOf.set(String.fromCharCode(isPrintable ? byte : next++), byte);
  }
  return (token) => Uint8Array.from(token, (char) => byteOf.get(char) ?? 0x3f);
}

function sentencePiece(token: string): Uint8Array {
  const [, hex] = /^<0x([0-9A-Fa-f]{2})>$/.exec(token) ?? [];
  return hex === undefined ? utf8(token.replaceAll('\u2581', ' ')) : Uint8Array.of(Number.parseInt(hex, 16));
}
