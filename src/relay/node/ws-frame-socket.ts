import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { CloseCode, type FrameSocket } from '../../protocol/wire/frame-socket.ts';

/** A closing that the other side does not answer within this time is cut. */
const CLOSE_MS = 2_000;

/** Codes that a WebSocket may not send: the close then has none. */
const UNSENDABLE = new Set([1004, 1005, 1006, 1015]);

/**
 * `ws` as the socket that connections are written against. All that is written in one turn of the event loop leaves
 * in one system call.
 */
export function toFrameSocket(ws: WebSocket, tcp: Socket): FrameSocket {
  let corked = false;

  function cork(): void {
    if (corked) return;
    corked = true;
    tcp.cork();
    process.nextTick(() => {
      corked = false;
      tcp.uncork();
    });
  }

  return {
    send(frame) {
      if (ws.readyState !== ws.OPEN) return;
      cork();
      ws.send(frame);
    },
    close(code, reason) {
      ws.close(UNSENDABLE.has(code) ? CloseCode.normal : code, reason.slice(0, 120));
      // A half-open connection never answers.
      setTimeout(() => ws.terminate(), CLOSE_MS).unref();
    },
    buffered: () => ws.bufferedAmount,
    listen(handlers) {
      // A binary message is no frame of this protocol: as text that is no JSON it meets rule W1.
      ws.on('message', (data, isBinary) => handlers.frame(isBinary ? '' : (data as Buffer).toString('utf8')));
      ws.on('close', (code, reason) => handlers.closed(code, reason.toString()));
      // `ws` closes after each error by itself; without a listener it would end the process.
      ws.on('error', () => {});
    },
  };
}
