/** Bounds of one relay: everything that could grow has one. Times in ms, sizes in bytes. */
export interface Limits {
  /** A job waits in line at most this long, each time that it waits (rule L5). */
  readonly queueMs: number;
  /** Jobs in one model's line, of all agents and of one agent. */
  readonly queueLength: number;
  readonly queuePerAgent: number;
  /** While a job waits, its stream gets a comment with its position this often. */
  readonly keepAliveMs: number;
  /** A lease without a new token for this long is lost, however alive its provider sounds. */
  readonly stallMs: number;
  /** A stream whose agent pays for nothing more ends after this long, with what it has. */
  readonly budgetMs: number;
  /** A provider that connected says `hello` within this time. */
  readonly helloMs: number;
  /** A provider that was asked to open its leaves answers within this time (rule C4). */
  readonly openingMs: number;
  /** Largest body of an HTTP request. */
  readonly bodyBytes: number;
  /** Unsent bytes at which a provider, and the reader of an answer, count as gone. */
  readonly providerBuffer: number;
  readonly answerBuffer: number;
}

export const DEFAULT_LIMITS: Limits = {
  queueMs: 30_000,
  queueLength: 4096,
  queuePerAgent: 256,
  keepAliveMs: 1_000,
  stallMs: 120_000,
  budgetMs: 30_000,
  helloMs: 10_000,
  openingMs: 10_000,
  bodyBytes: 1024 * 1024,
  providerBuffer: 1024 * 1024,
  answerBuffer: 4 * 1024 * 1024,
};
