import { CodedError, type ErrorBody } from '../../core/errors.ts';

/** An engine that served nothing since it was loaded may fail this often in a row. */
const AT_ONCE = 5;
const FIRST_WAIT_MS = 500;
/** More losses than this within ten minutes are answered more slowly: jobs would only be carried to and fro. */
const [OFTEN, OFTEN_MS, OFTEN_WAIT_MS] = [30, 10 * 60_000, 30_000];

/**
 * Decides what comes after an engine failed (rule D6): another try, after a wait, as long as engines serve anything at
 * all; the error, where they fail at once each time, or where this GPU computes the model wrongly.
 */
export class Recovery {
  #atOnce = 0;
  #wrong = false;
  #losses: number[] = [];
  /** How often an engine was built anew. */
  count = 0;

  /**
   * @param worked whether the engine gave tokens since it was loaded, or stood for a while
   * @returns milliseconds to wait before the next try
   * @throws CodedError the error of now, where another try makes no sense
   */
  next(error: ErrorBody, worked: boolean, now: number): number {
    if (error.code === 'output_not_finite') {
      if (this.#wrong) throw refusal(error);
      this.#wrong = true;
    }
    this.#atOnce = worked ? 0 : this.#atOnce + 1;
    if (this.#atOnce >= AT_ONCE) throw CodedError.fromBody(error);
    this.#losses = [...this.#losses.filter((at) => now - at < OFTEN_MS), now];
    this.count++;
    if (this.#losses.length > OFTEN) return OFTEN_WAIT_MS;
    return FIRST_WAIT_MS * 2 ** this.#atOnce;
  }

  /** A job was finished: what was wrong before was no fault of the model on this GPU. */
  finished(): void {
    this.#wrong = false;
  }
}

function refusal({ data }: ErrorBody): CodedError {
  const message = 'This GPU computes this model wrongly: also a fresh engine gave numbers that are none.';
  return new CodedError('output_not_finite', message, data);
}
