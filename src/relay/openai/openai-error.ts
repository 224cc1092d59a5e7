import { CodedError } from '../../core/errors.ts';

/** OpenAI's error body (rule A1). */
export interface OpenAiError {
  /** Of a refused payment, a problem as RFC 9457 has it beside OpenAI's error. */
  readonly [member: string]: unknown;
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

interface Kind {
  readonly status: number;
  readonly type: string;
  /** False where the same request can't succeed, so that clients that retry by status do not (`x-should-retry`). */
  readonly retry: boolean;
}

const BAD_REQUEST: Kind = { status: 400, type: 'invalid_request_error', retry: false };
const BUSY: Kind = { status: 429, type: 'rate_limit_error', retry: true };
const UNAVAILABLE: Kind = { status: 503, type: 'service_unavailable_error', retry: true };
const FAULT: Kind = { status: 500, type: 'server_error', retry: false };

const PAYMENT: Kind = { status: 402, type: 'payment_required', retry: false };

/** Refused payments: nothing about them changes by sending them again. */
const PAYMENTS: Readonly<Record<string, Kind>> = {
  payment_required: PAYMENT,
  authorization_unsupported: PAYMENT,
  challenge_invalid: PAYMENT,
  challenge_expired: PAYMENT,
  channel_unknown: PAYMENT,
  channel_closing: PAYMENT,
  channel_closed: PAYMENT,
  deposit_too_small: PAYMENT,
  idempotency_key_reused: PAYMENT,
  nonce_reused: PAYMENT,
  open_failed: PAYMENT,
  top_up_failed: PAYMENT,
  voucher_insufficient: PAYMENT,
  voucher_over_deposit: PAYMENT,
  voucher_signature: PAYMENT,
  voucher_stale: PAYMENT,
  voucher_wrong_channel: PAYMENT,
  voucher_malformed: BAD_REQUEST,
  model_not_sold: { ...BAD_REQUEST, status: 404 },
  channel_busy: { ...BAD_REQUEST, status: 409 },
  sponsor_limit: { status: 429, type: 'rate_limit_error', retry: false },
  faucet_limit: BUSY,
  too_many_waiting: BUSY,
  close_failed: { status: 502, type: 'server_error', retry: false },
  chain_refused: UNAVAILABLE,
  chain_slow: UNAVAILABLE,
  chain_unreachable: UNAVAILABLE,
  chain_blind: UNAVAILABLE,
  transaction_replaced: UNAVAILABLE,
  deposit_unconfirmed: UNAVAILABLE,
};

/** What each code means on HTTP; a code that is not here is a fault of the relay. */
const KINDS: Readonly<Record<string, Kind>> = {
  malformed_json: BAD_REQUEST,
  missing_required_parameter: BAD_REQUEST,
  unsupported_parameter: BAD_REQUEST,
  unsupported_value: BAD_REQUEST,
  invalid_type: BAD_REQUEST,
  invalid_value: BAD_REQUEST,
  empty_array: BAD_REQUEST,
  array_above_max_length: BAD_REQUEST,
  string_above_max_length: BAD_REQUEST,
  integer_below_min_value: BAD_REQUEST,
  integer_above_max_value: BAD_REQUEST,
  decimal_below_min_value: BAD_REQUEST,
  decimal_above_max_value: BAD_REQUEST,
  context_length_exceeded: BAD_REQUEST,
  schema_too_large: BAD_REQUEST,
  schema_unsupported: BAD_REQUEST,
  schema_invalid: BAD_REQUEST,
  schema_not_strict: BAD_REQUEST,
  chat_template_missing: BAD_REQUEST,
  chat_template_refused: BAD_REQUEST,
  aborted: BAD_REQUEST,
  ...PAYMENTS,
  openings_not_yours: { ...BAD_REQUEST, status: 403 },
  model_not_supported: BAD_REQUEST,
  model_not_found: { ...BAD_REQUEST, status: 404 },
  receipt_not_found: { ...BAD_REQUEST, status: 404 },
  receipt_pending: { ...BAD_REQUEST, status: 404 },
  unknown_url: { ...BAD_REQUEST, status: 404 },
  method_not_allowed: { ...BAD_REQUEST, status: 405 },
  body_too_large: { ...BAD_REQUEST, status: 413 },
  agent_queue_full: BUSY,
  queue_full: UNAVAILABLE,
  queue_timeout: UNAVAILABLE,
  no_provider: UNAVAILABLE,
  feature_unavailable: { ...UNAVAILABLE, retry: false },
  moves_exhausted: UNAVAILABLE,
  draining: UNAVAILABLE,
  receipt_not_stored: FAULT,
};

/** Seconds after which clients may try again what was refused for lack of room. */
const RETRY_AFTER = '2';

export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: OpenAiError;
}

/** An error as HTTP tells it. What is not coded is a fault of ours: its message stays in the log. */
export function errorAnswer(error: unknown): ErrorAnswer {
  const coded =
    error instanceof CodedError ? error : new CodedError('internal', 'The relay failed; its log says why.');
  const { type, retry, ...kind } = (Object.hasOwn(KINDS, coded.code) && KINDS[coded.code]) || FAULT;
  const param = coded.data?.['param'];
  const { allow, challenge, paymentReceipt } = coded.data ?? {};
  const own = coded.data?.['status'];
  const status = typeof own === 'number' ? own : kind.status;
  return {
    status,
    headers: {
      ...(retry ? { 'retry-after': RETRY_AFTER } : { 'x-should-retry': 'false' }),
      ...(typeof allow === 'string' ? { allow } : {}),
      ...(typeof challenge === 'string' && status < 404
        ? { 'www-authenticate': challenge, 'cache-control': 'no-store' }
        : {}),
      ...(typeof paymentReceipt === 'string' ? { 'payment-receipt': paymentReceipt } : {}),
    },
    body: {
      ...(type === PAYMENT.type ? problemOf(coded, status) : {}),
      error: {
        message: coded.message,
        type,
        param: typeof param === 'string' ? param : null,
        code: coded.code,
      },
    },
  };
}

function problemOf({ code, data, message }: CodedError, status: number): Record<string, unknown> {
  const { challenge: _challenge, paymentReceipt: _receipt, ...members } = data ?? {};
  return {
    ...members,
    type: `urn:afterglow:problem:${code}`,
    title: 'Payment Required',
    status,
    detail: message,
  };
}
