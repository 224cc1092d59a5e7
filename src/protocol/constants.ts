/**
 * Protocol constants and the defaults of configurable ones (the table in docs/spec.md). Times in milliseconds.
 */

/** Version of the provider protocol; both ends must name the same. */
export const PROTOCOL_VERSION = 1;

/** Output tokens per chunk, counted from the start of each lease (rule C1). Not configurable: it is what gets signed. */
export const CHUNK_TOKENS = 32;

/**
 * Greatest margin at which two honest backends may choose different tokens (rule S3), for f32 activations: twice what
 * their logits may differ by.
 */
export const EPSILON = 1e-4;

/** Largest WebSocket frame either side accepts, in bytes. */
export const FRAME_CAP = 64 * 1024;

export interface Timing {
  /** A provider sends an application heartbeat this often. */
  readonly heartbeatMs: number;
  /** A lease lasts this long after the provider's last frame. */
  readonly leaseMs: number;
  /** Silence that counts as lost is at least this, and at least `lostSteps` announced worst steps. */
  readonly lostMs: number;
  readonly lostSteps: number;
  /** A provider flushes its deltas at most this often. */
  readonly flushMs: number;
}

export const DEFAULT_TIMING: Timing = {
  heartbeatMs: 500,
  leaseMs: 10_000,
  lostMs: 1_500,
  lostSteps: 3,
  flushMs: 25,
};

/** How often a job may move to another provider before it fails. */
export const MAX_MOVES = 5;
