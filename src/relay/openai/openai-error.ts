import { CodedError } from '../../core/errors.ts';

/** OpenAI's error body (rule A1). */
export interface OpenAiError {
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
  chat_template_missing: BAD_REQUEST,
  chat_template_refused: BAD_REQUEST,
  aborted: BAD_REQUEST,
  payment_required: { ...BAD_REQUEST, status: 402 },
  openings_not_yours: { ...BAD_REQUEST, status: 403 },
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
  const { status, type, retry } = (Object.hasOwn(KINDS, coded.code) && KINDS[coded.code]) || FAULT;
  const param = coded.data?.['param'];
  const allow = coded.data?.['allow'];
  return {
    status,
    headers: {
      ...(retry ? { 'retry-after': RETRY_AFTER } : { 'x-should-retry': 'false' }),
      ...(typeof allow === 'string' ? { allow } : {}),
    },
    body: {
      error: {
        message: coded.message,
        type,
        param: typeof param === 'string' ? param : null,
        code: coded.code,
      },
    },
  };
}
