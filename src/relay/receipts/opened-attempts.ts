import type { Hex } from '../../core/bytes.ts';
import { CodedError, type ErrorBody, errorBody } from '../../core/errors.ts';
import type { AttemptRecord, JobReceipt } from '../../protocol/money/receipt.ts';
import { idsHash } from '../../protocol/money/statements.ts';
import { type ReceiptProblem, verifyOpening } from '../../protocol/money/verify-receipt.ts';
import { decodeLeaf } from '../../protocol/wire/chunk.ts';
import type { Openings } from '../providers/openings.ts';
import type { Registry } from '../providers/registry.ts';

/** An attempt's leaves as its provider opened them (rule C4), or why it did not. */
export interface OpenedAttempt {
  readonly lease: number;
  readonly provider: Hex;
  /** Base64 of `encodeLeaf`, one per chunk. */
  readonly leaves: readonly string[];
  /** Where they do not fit what was signed; empty means that they do. */
  readonly problems: readonly ReceiptProblem[];
  readonly error?: ErrorBody;
}

/** Asks the providers of a job's attempts to open their leaves, those that are connected now. */
export function openAttempts(
  receipt: JobReceipt,
  registry: Registry,
  openings: Openings,
): Promise<OpenedAttempt[]> {
  const signed = receipt.attempts.filter(({ chunks }) => chunks.length > 0);
  return Promise.all(signed.map((attempt) => openAttempt(receipt.job, attempt, registry, openings)));
}

async function openAttempt(
  job: Hex,
  attempt: AttemptRecord,
  registry: Registry,
  openings: Openings,
): Promise<OpenedAttempt> {
  const { lease, provider: account } = attempt;
  const base = { lease, provider: account };
  try {
    const provider = registry.get(account);
    if (!provider)
      throw new CodedError('provider_lost', 'The provider of this attempt is not connected now.');
    const leaves = await openings.ask(provider, job, lease);
    if (leaves.length === 0)
      throw new CodedError('leaves_gone', 'The provider no longer keeps these leaves.');
    return { ...base, leaves, problems: problemsOf(attempt, leaves) };
  } catch (error) {
    return { ...base, leaves: [], problems: [], error: errorBody(error) };
  }
}

/** The relay keeps no ids once a job has ended: the leaves' own must hash to what the receipt states, where there is one. */
function problemsOf(attempt: AttemptRecord, leaves: readonly string[]): ReceiptProblem[] {
  const bytes = leaves.map(fromBase64);
  const ids = bytes.flatMap((leaf) => decodeLeaf(leaf).map(({ id }) => id));
  const problems = verifyOpening(attempt, bytes, [...Array<number>(attempt.first).fill(0), ...ids]);
  const wrongIds = attempt.receipt !== null && attempt.receipt.outputHash !== idsHash(ids);
  return wrongIds ? [...problems, { code: 'opening_ids', lease: attempt.lease }] : problems;
}

/** @throws CodedError `leaf_malformed` */
function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw new CodedError('leaf_malformed', 'A leaf is not base64.', undefined, cause);
  }
}
