import { type Hex, toHex } from '../../core/bytes.ts';
import type { CodedError } from '../../core/errors.ts';
import type { Random } from '../../core/random.ts';
import type { EmbedJobReceipt } from '../../protocol/money/embed-job-receipt.ts';
import { inputsHash } from '../../protocol/money/embed-statement.ts';
import type { EmbedAssignment, SignedEmbedReceipt } from '../../protocol/wire/embed.ts';
import type { Payment } from '../access/payment.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Provider } from '../providers/provider.ts';
import type { Placeable } from './placeable.ts';

/** Inputs that somebody wants vectors of: as many as fit one frame there and back (rule V1). */
export interface EmbedOrder {
  /** Where it was drawn already, with what is held for it: 16 random bytes. */
  readonly id?: Hex;
  readonly agent: string;
  readonly only?: Hex;
  readonly model: RelayModel;
  readonly inputs: readonly (readonly number[])[];
  /** Numbers of each vector. */
  readonly dimensions: number;
  readonly payment: Pick<Payment, 'terms' | 'end'>;
}

/** Who hears of the job. Exactly one of `finished` and `failed` comes last, and neither after a cancel. */
export interface EmbedSink {
  waiting(position: number, etaMs: number | undefined): void;
  /** The receipt is durable. `vectors` as `vectorBytes` writes them. */
  finished(vectors: Uint8Array, receipt: EmbedJobReceipt): void;
  failed(error: CodedError): void;
}

/** A job's assignment to one provider. It brings everything or nothing. */
export interface EmbedLease {
  /** From 0 within the job. */
  readonly number: number;
  readonly provider: Provider;
  readonly assignedAt: number;
  receipt: SignedEmbedReceipt | null;
  /** Why it ended: `finished`, or a code. */
  ended: string | undefined;
}

/** A job that turns inputs into vectors. It is never moved half done: another provider does all of it again. */
export interface EmbedJob extends Placeable {
  readonly order: EmbedOrder;
  readonly sink: EmbedSink;
  readonly nonce: Hex;
  readonly inputsHash: Hex;
  /** Of all inputs. */
  readonly tokens: number;
  readonly startedAt: number;
  readonly leases: EmbedLease[];
  readonly losers: Set<Hex>;
  /** How often it went to another provider. */
  moves: number;
  /** Why and when its last lease was lost. */
  interruption: { readonly at: number; readonly code: string; readonly detectionMs: number } | undefined;
}

export function createEmbedJob(order: EmbedOrder, sink: EmbedSink, random: Random, now: number): EmbedJob {
  const longest = order.inputs.reduce((most, { length }) => Math.max(most, length), 0);
  return {
    id: order.id ?? toHex(random.bytes(16)),
    order,
    sink,
    nonce: toHex(random.bytes(32)),
    inputsHash: inputsHash(order.inputs),
    tokens: countTokens(order.inputs),
    startedAt: now,
    leases: [],
    losers: new Set(),
    needs: [],
    size: { prompt: longest, whole: longest },
    moves: 0,
    interruption: undefined,
    state: 'waiting',
    waitingSince: now,
  };
}

export function countTokens(inputs: readonly (readonly number[])[]): number {
  return inputs.reduce((sum, { length }) => sum + length, 0);
}

/** What a provider is told. */
export function embedAssignmentOf({ id, nonce, order }: EmbedJob, { number }: EmbedLease): EmbedAssignment {
  const { prompt, feeBps } = order.payment.terms;
  return {
    job: id,
    lease: number,
    model: order.model.ref,
    inputs: order.inputs.map((ids) => [...ids]),
    dimensions: order.dimensions,
    nonce,
    price: { out: '0', prompt: String(prompt) },
    feeBps,
  };
}

/** @param hash of the vectors; null where there are none */
export function embedJobReceipt(
  job: EmbedJob,
  relay: Hex,
  hash: Hex | null,
  endedAt: number,
): EmbedJobReceipt {
  const { model, inputs, dimensions } = job.order;
  return {
    kind: 'embeddings',
    job: job.id,
    relay,
    modelId: model.id,
    model: model.ref,
    inputsHash: job.inputsHash,
    inputs: inputs.length,
    tokens: job.tokens,
    dimensions,
    vectorsHash: hash,
    nonce: job.nonce,
    attempts: job.leases.map(({ number, provider, receipt, ended }) => ({
      lease: number,
      provider: provider.account,
      receipt,
      ended: ended ?? 'finished',
    })),
    startedAt: job.startedAt,
    endedAt,
  };
}
