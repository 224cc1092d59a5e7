/** What an error carries across a worker, a socket and HTTP: nothing but plain data. */
export interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

/**
 * The project's one error class: `code` is stable and for programs, `message` is one sentence for people
 * (with the cure, where there is one), `data` survives every border.
 *
 * @example throw new CodedError('model_unknown', 'No provider offers this model.', { model })
 */
export class CodedError extends Error {
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, message: string, data?: Readonly<Record<string, unknown>>, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'CodedError';
    this.code = code;
    this.data = data;
  }

  toBody(): ErrorBody {
    return { code: this.code, message: this.message, ...(this.data ? { data: this.data } : {}) };
  }

  static fromBody(body: ErrorBody): CodedError {
    return new CodedError(body.code, body.message, body.data);
  }
}

/** Any thrown value as data. An unknown error keeps its message under the code `internal`. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof CodedError) return error.toBody();
  if (error instanceof Error && error.name === 'AbortError')
    return { code: 'aborted', message: error.message };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** The reason of an aborted signal as an error that has a code. */
export function abortError(signal: AbortSignal): CodedError {
  if (signal.reason instanceof CodedError) return signal.reason;
  return new CodedError('aborted', 'The call was cancelled.', undefined, signal.reason);
}

/** Marks a switch as exhaustive; reached only when a value broke its type. */
export function unreachable(value: never): never {
  throw new CodedError('internal', `Unexpected value: ${JSON.stringify(value)}`);
}
