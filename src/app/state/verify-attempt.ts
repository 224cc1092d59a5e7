import { CodedError } from '../../core/errors.ts';
import { embedDigest } from '../../protocol/money/embed-statement.ts';
import { recoverAddress } from '../../protocol/money/signature.ts';
import { chunkDigest, receiptDigest } from '../../protocol/money/statements.ts';
import type { AttemptRow } from '../../provider/history/attempt-history.ts';

/** What checking an attempt's signatures found: per chunk and for the receipt, and whether all of it fits together. */
export interface AttemptVerdict {
  readonly chunks: readonly boolean[];
  /** Null where the attempt ended without a receipt. */
  readonly receipt: boolean | null;
  readonly valid: boolean;
}

/** Checks a kept attempt in this page, without asking anybody: signers, positions and counts. */
export function verifyAttempt(attempt: AttemptRow): AttemptVerdict {
  const { account, first, chunks, count, embedding, receipt } = attempt;
  if (embedding) {
    const isAbout = embedding.job === attempt.job && embedding.lease === attempt.lease;
    const isGood = isAbout && signedBy(account, embedDigest(embedding), embedding.signature);
    return { chunks: [], receipt: isGood, valid: isGood };
  }
  let next = first;
  const good = chunks.map((chunk, index) => {
    const fits = chunk.index === index && chunk.first === next;
    next = chunk.first + chunk.count;
    return fits && signedBy(account, chunkDigest(chunk), chunk.signature);
  });
  const signed =
    receipt &&
    receipt.commitment === chunks.at(-1)?.commitment &&
    receipt.count === count &&
    signedBy(account, receiptDigest(receipt), receipt.signature);
  return {
    chunks: good,
    receipt: signed,
    valid: good.every(Boolean) && signed !== false && next === first + count,
  };
}

function signedBy(account: string, ...[digest, signature]: Parameters<typeof recoverAddress>): boolean {
  try {
    return recoverAddress(digest, signature) === account;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
