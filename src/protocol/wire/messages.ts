import { z } from 'zod';
import { CodedError } from '../../core/errors.ts';
import { FRAME_CAP } from '../constants.ts';
import { embedAssignmentSchema, signedEmbedReceiptSchema } from './embed.ts';
import { earningsSchema, payoutTermsSchema, payoutVoucherSchema } from './earnings.ts';
import { featuresSchema } from './feature.ts';
import { address, hash, tokenIdSchema } from './fields.ts';
import {
  assignmentSchema,
  attemptRefSchema,
  countSchema,
  finishSchema,
  modelRefSchema,
  priceSchema,
  signatureSchema,
  signedChunkSchema,
  signedReceiptSchema,
} from './job.ts';
import { areTokenLogprobs, isTokenId, tokenLogprobsSchema } from './logprobs.ts';

/**
 * Every frame between relay and provider: JSON, keyed by `type` (rule W1). The relay speaks first (`challenge`),
 * the provider answers `hello`, the relay `welcome`; then jobs flow by credit.
 */

const type = <T extends string>(name: T) => z.literal(name);
const reason = z.string().max(500);
const errorMessage = z.object({
  type: type('error'),
  code: z.string().max(64),
  message: reason,
  data: z.record(z.string(), z.unknown()).optional(),
});

const modelOfferSchema = modelRefSchema.extend({ id: z.string().max(128) });
/** A model that a provider has loaded: its public id and what exactly it is. */
export type ModelOffer = z.infer<typeof modelOfferSchema>;

const gpuSchema = z.object({
  class: z.string().max(64),
  backend: z.enum(['webgpu', 'wasm', 'cpu']),
  software: z.boolean(),
  description: z.string().max(200),
});

/** What of a model's context a provider takes: its owner's cap on prompts, and what its memory holds. In tokens. */
const roomSchema = z.object({ prompt: countSchema, context: countSchema });
export type Room = z.infer<typeof roomSchema>;

const helloSchema = z.object({
  type: type('hello'),
  version: z.int(),
  account: address,
  /** Signature over `Hello(relay, nonce, account)`; proves the account to this connection alone (rule W2). */
  proof: signatureSchema,
  gpu: gpuSchema,
  engine: z.object({ name: z.enum(['onnx', 'webllm']), version: z.string().max(32) }),
  models: z.array(modelOfferSchema).max(32),
  /** Streams that the provider takes now: its first grant of credit (rule P1). */
  slots: z.int().min(0).max(64),
  /** Absent: as much as the model has. */
  room: roomSchema.optional(),
  worstStepMs: z.number().min(0).max(60_000),
  features: featuresSchema,
  ask: priceSchema,
});
export type Hello = z.infer<typeof helloSchema>;

const MAX_DELTA = 4096;
const deltaSchema = attemptRefSchema
  .extend({
    type: type('delta'),
    ids: z.array(tokenIdSchema).min(1).max(MAX_DELTA),
    /** Those of each id, where the job asked for them. */
    logprobs: z.array(tokenLogprobsSchema).optional(),
  })
  .refine(({ ids, logprobs }) => !logprobs || logprobs.length === ids.length, {
    message: 'expected log-probabilities of each id',
    path: ['logprobs'],
  });

export const providerMessageSchema = z.discriminatedUnion('type', [
  helloSchema,
  z.object({ type: type('grant'), slots: z.int().min(1).max(64) }),
  /** Takes granted slots back (rule P3). */
  z.object({ type: type('revoke'), slots: z.int().min(1).max(64) }),
  z.object({
    type: type('models'),
    models: z.array(modelOfferSchema).max(32),
    room: roomSchema.optional(),
  }),
  deltaSchema,
  signedChunkSchema.extend({ type: type('chunk') }),
  attemptRefSchema.extend({
    type: type('result'),
    finish: finishSchema,
    count: countSchema,
    receipt: signedReceiptSchema,
    /** Slots given back with the result: 0 when the provider is about to pause. */
    grant: z.int().min(0).max(1),
  }),
  attemptRefSchema.extend({
    type: type('embedded'),
    /** All vectors of the job in order, as `vectorBytes` writes them, in base64 (rule V2). */
    vectors: z.base64().max(FRAME_CAP),
    receipt: signedEmbedReceiptSchema,
    grant: z.int().min(0).max(1),
  }),
  attemptRefSchema.extend({
    type: type('handback'),
    code: z.string().max(64),
    reason,
    grant: z.int().min(0).max(1),
  }),
  z.object({ type: type('heartbeat'), worstStepMs: z.number().min(0).max(60_000), active: z.int().min(0) }),
  attemptRefSchema.extend({
    type: type('opening'),
    /** One leaf per chunk, base64 of `encodeLeaf`; empty when no longer kept. */
    leaves: z.array(z.string().max(8192)).max(256),
  }),
  /** Pay what has vested now, on the chain; the next `earnings` says what comes of it (rule M14). */
  z.object({ type: type('payout') }),
  errorMessage,
]);
export type ProviderMessage = z.infer<typeof providerMessageSchema>;

export const relayMessageSchema = z.discriminatedUnion('type', [
  z.object({ type: type('challenge'), version: z.int(), relay: address, nonce: hash }),
  z.object({
    type: type('welcome'),
    session: z.string().max(64),
    heartbeatMs: z.number(),
    leaseMs: z.number(),
    flushMs: z.number(),
    frameCap: z.int(),
    /** Nobody pays at this relay. */
    free: z.boolean(),
    /** How this relay pays its providers, if it does. */
    payouts: payoutTermsSchema.optional(),
  }),
  assignmentSchema.extend({ type: type('assign') }),
  embedAssignmentSchema.extend({ type: type('embed') }),
  attemptRefSchema.extend({ type: type('credit'), tokens: countSchema }),
  attemptRefSchema.extend({ type: type('cancel'), reason }),
  attemptRefSchema.extend({ type: type('open') }),
  /** Sent where nothing else was for a quarter of a lease: without it a half-open socket looks alive (rule W6). */
  z.object({ type: type('heartbeat') }),
  z.object({ type: type('drain'), reason }),
  /** Durable at the relay before it is sent (rule M7). */
  payoutVoucherSchema.extend({ type: type('voucher') }),
  /** At most once a second. */
  earningsSchema.extend({ type: type('earnings') }),
  errorMessage,
]);
export type RelayMessage = z.infer<typeof relayMessageSchema>;

/**
 * @throws CodedError `frame_too_large`, `frame_malformed` (not JSON) or `message_invalid` (with the first fault's
 * path). A `hello` of another version parses: the relay answers it with `version_unsupported`.
 */
function parse<T>(schema: z.ZodType<T>, frame: string): T {
  if (frame.length > FRAME_CAP) {
    throw new CodedError('frame_too_large', `A frame may have ${FRAME_CAP} bytes.`, { bytes: frame.length });
  }
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new CodedError('frame_malformed', 'A frame is not JSON.');
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new CodedError('message_invalid', issue?.message ?? 'A message breaks its schema.', {
    path: issue?.path.join('.') ?? '',
  });
}

/** Deltas are most of all traffic: checked by hand, a tenth of the schema's cost. */
function parseDelta(frame: string): ProviderMessage | undefined {
  if (!frame.startsWith('{"type":"delta"') || frame.length > FRAME_CAP) return undefined;
  let value: { job?: unknown; lease?: unknown; ids?: unknown; logprobs?: unknown };
  try {
    value = JSON.parse(frame);
  } catch {
    return undefined;
  }
  const { job, lease, ids, logprobs } = value;
  if (typeof job !== 'string' || !/^0x[0-9a-f]{32}$/.test(job)) return undefined;
  if (!Number.isInteger(lease) || (lease as number) < 0 || (lease as number) > 255) return undefined;
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MAX_DELTA) return undefined;
  for (const id of ids) if (!isTokenId(id)) return undefined;
  if (logprobs !== undefined && !(areTokenLogprobs(logprobs) && logprobs.length === ids.length)) {
    return undefined;
  }
  return value as ProviderMessage;
}

export function parseProviderMessage(frame: string): ProviderMessage {
  return parseDelta(frame) ?? parse(providerMessageSchema, frame);
}

export function parseRelayMessage(frame: string): RelayMessage {
  return parse(relayMessageSchema, frame);
}
