import type { Clock } from '../../core/clock.ts';
import { CodedError } from '../../core/errors.ts';
import { type Random, randomUnit } from '../../core/random.ts';

/** The first wait after a failure; each further one in a row doubles it. */
const BACKOFF_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
/** A server may ask for longer waits than ours, up to this. */
const RETRY_AFTER_MAX_MS = 10 * 60_000;
/** So many failures in a row without one byte in between, and a mirror is given up: after some minutes. */
const FAILURES = 9;
/** A file that came wrong is fetched once more. */
const WRONG = 2;

/** One address of a file, and what came of asking there. */
export interface Mirror {
  readonly url: URL;
  /** Not to be asked before this time, in ms since the epoch. */
  readonly notBefore: number;
}

interface Record extends Mirror {
  notBefore: number;
  failures: number;
  wrong: number;
  left: boolean;
  fault?: CodedError;
}

/**
 * The addresses of one file. Those that behave are asked first, in the order in which they were named; one that has
 * nothing, gives wrong bytes twice or does not answer for minutes is left.
 */
export class Mirrors {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #mirrors: readonly Record[];

  /** @param urls at least one */
  constructor(urls: readonly URL[], clock: Clock, random: Random) {
    this.#clock = clock;
    this.#random = random;
    this.#mirrors = urls.map((url) => ({ url, notBefore: 0, failures: 0, wrong: 0, left: false }));
  }

  /** Whom to ask now, or after a wait. @throws CodedError when all were left: the fault that says most */
  next(): Mirror {
    const live = this.#mirrors.filter(({ left }) => !left);
    const now = this.#clock.now();
    const wait = (mirror: Record): number => Math.max(0, mirror.notBefore - now);
    const [best] = live.sort((a, b) => wait(a) - wait(b) || a.wrong - b.wrong);
    if (best) return best;
    throw this.#fault();
  }

  /** Bytes came: what was before does not count. */
  answered(mirror: Mirror): void {
    this.#of(mirror).failures = 0;
  }

  /** Trouble that may pass. @param retryAfterMs what the server asked for */
  failed(mirror: Mirror, fault: CodedError, retryAfterMs = 0): void {
    const record = this.#of(mirror);
    record.fault = fault;
    record.failures++;
    record.left = record.failures >= FAILURES;
    const longest = Math.min(BACKOFF_MAX_MS, BACKOFF_MS * 2 ** (record.failures - 1));
    const wait = longest * (0.5 + randomUnit(this.#random) / 2);
    record.notBefore = this.#clock.now() + Math.max(wait, Math.min(retryAfterMs, RETRY_AFTER_MAX_MS));
  }

  /** It sent something else than the file. */
  wrong(mirror: Mirror, fault: CodedError): void {
    const record = this.#of(mirror);
    record.fault = fault;
    record.wrong++;
    record.left = record.wrong >= WRONG;
  }

  /** It does not have the file, or does not give it. */
  leave(mirror: Mirror, fault: CodedError): void {
    const record = this.#of(mirror);
    record.fault = fault;
    record.left = true;
  }

  /** Nobody has to wait any more: the network is another one. */
  retryNow(): void {
    for (const mirror of this.#mirrors) mirror.notBefore = 0;
  }

  #of({ url }: Mirror): Record {
    const found = this.#mirrors.find((mirror) => mirror.url === url);
    if (found) return found;
    throw new CodedError('internal', 'This is no mirror of the file.', { url: String(url) });
  }

  /** Wrong bytes say more than no answer, and no answer more than a file that is not there. */
  #fault(): CodedError {
    const faults = this.#mirrors.flatMap(({ fault }) => fault ?? []);
    const [worst] = ['model_corrupt', 'download_failed', 'model_file_missing'].flatMap((code) =>
      faults.filter((fault) => fault.code === code),
    );
    return worst ?? new CodedError('download_failed', 'The file has no address.');
  }
}
