import { CHUNK_TOKENS } from '../../protocol/constants.ts';
import type { Operation } from './operation.ts';

/** Longest id of an operation, in characters. */
const LONGEST_ID = 128;

/** Most output tokens of a job, as on the wire. */
const MOST_TOKENS = 2 ** 20;

/** The first field whose value no such operation may have; a bad one must not cost its whole group the commit. */
export function faultOf(op: Operation): string | undefined {
  if (op.id.length === 0 || op.id.length > LONGEST_ID) return 'id';
  return negativeField(op) ?? rangeFault(op);
}

/** Amounts and numbers are whole and not negative, those of parts included. */
function negativeField(value: object): string | undefined {
  for (const field in value) {
    const inner: unknown = value[field as keyof typeof value];
    if (typeof inner === 'bigint') {
      if (inner < 0n) return field;
    } else if (typeof inner === 'number') {
      if (!Number.isSafeInteger(inner) || inner < 0) return field;
    } else if (field === 'terms' || field === 'before') {
      const fault = typeof inner === 'object' && inner !== null ? negativeField(inner) : undefined;
      if (fault !== undefined) return `${field}.${fault}`;
    }
  }
  return undefined;
}

function rangeFault(op: Operation): string | undefined {
  switch (op.type) {
    case 'reserve':
      if (op.maxTokens < 1 || op.maxTokens > MOST_TOKENS) return 'maxTokens';
      return op.terms.feeBps > 10_000 ? 'terms.feeBps' : undefined;
    case 'chunk':
      return op.tokens < 1 || op.tokens > CHUNK_TOKENS ? 'tokens' : undefined;
    case 'tail':
      return op.tokens < 1 ? 'tokens' : undefined;
    case 'refund':
      return op.amount === 0n ? 'amount' : undefined;
    default:
      return undefined;
  }
}
