import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { FRAME_CAP } from '../../protocol/constants.ts';
import type { FrameSocket } from '../../protocol/wire/frame-socket.ts';
import { urlOf } from './http-exchange.ts';
import { toFrameSocket } from './ws-frame-socket.ts';

/** Where providers connect. */
export const PROVIDER_PATH = '/v1/provider';

/**
 * A frame somewhat beyond the cap is still read, so that its sender can be told `frame_too_large` (rule W1); beyond
 * this `ws` itself closes, with 1009.
 */
const MAX_PAYLOAD = 2 * FRAME_CAP;

/** Upgrades requests on `/v1/provider` and hands their sockets over; any other upgrade is refused. */
export function listenForProviders(server: Server, accept: (socket: FrameSocket) => void): void {
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_PAYLOAD,
    skipUTF8Validation: false,
  });
  server.on('upgrade', (request: IncomingMessage, tcp: Duplex, head: Buffer) => {
    if (urlOf(request).pathname !== PROVIDER_PATH) {
      tcp.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, tcp, head, (ws) => accept(toFrameSocket(ws, tcp as Socket)));
  });
}
