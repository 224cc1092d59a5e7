/**
 * The narrow socket that sessions and connections are written against: a browser's WebSocket, `ws` in Node and the
 * simulated network all fit it. Frames are text; delivery is in order or not at all.
 */
export interface FrameSocket {
  send(frame: string): void;
  /** Starts the closing; `closed` is called once in any case. */
  close(code: number, reason: string): void;
  /** Bytes handed over and not yet sent. */
  buffered(): number;
  /** Called once by the owner, before any frame can arrive. */
  listen(handlers: FrameHandlers): void;
}

export interface FrameHandlers {
  frame(text: string): void;
  closed(code: number, reason: string): void;
}

/** Opens a socket; rejects with a coded error where the other end can't be reached. */
export type Connect = (url: string, signal: AbortSignal) => Promise<FrameSocket>;

/** WebSocket close codes of this protocol (4000-4999 are for applications). */
export const CloseCode = {
  normal: 1000,
  protocolError: 4000,
  versionUnsupported: 4001,
  unauthorised: 4003,
  lost: 4008,
  replaced: 4009,
  draining: 4010,
  frameTooLarge: 1009,
} as const;
