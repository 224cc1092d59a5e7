import { abortError, CodedError } from '../../core/errors.ts';
import {
  CloseCode,
  type Connect,
  type FrameHandlers,
  type FrameSocket,
} from '../../protocol/wire/frame-socket.ts';

/** Opens a browser's WebSocket. @throws CodedError `relay_unreachable`, `relay_url_invalid`, or the signal's reason */
export const connectWebSocket: Connect = (url, signal) =>
  new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortError(signal));
    let socket: WebSocket;
    try {
      socket = new WebSocket(url);
    } catch (cause) {
      return reject(
        new CodedError('relay_url_invalid', 'The relay’s address is not a WebSocket URL.', { url }, cause),
      );
    }
    const abort = (): void => {
      socket.close();
      reject(abortError(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.onopen = () => {
      signal.removeEventListener('abort', abort);
      resolve(new BrowserSocket(socket));
    };
    // A browser does not say why: refused, no such host and a broken certificate look the same to a page.
    socket.onclose = () => {
      signal.removeEventListener('abort', abort);
      reject(new CodedError('relay_unreachable', 'The relay can’t be reached.', { url }));
    };
  });

class BrowserSocket implements FrameSocket {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  listen(handlers: FrameHandlers): void {
    // A binary frame is no frame of this protocol: as an empty text it is answered like one that is not JSON.
    this.#socket.onmessage = ({ data }) => handlers.frame(typeof data === 'string' ? data : '');
    this.#socket.onclose = ({ code, reason }) => handlers.closed(code, reason);
  }

  send(frame: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(frame);
  }

  close(code: number, reason: string): void {
    // Scripts may close with 1000 and 3000 to 4999 only, and with a reason of at most 123 bytes.
    const allowed = code === 1000 || (code >= 3000 && code <= 4999);
    this.#socket.close(allowed ? code : CloseCode.protocolError, reason.slice(0, 40));
  }

  buffered(): number {
    return this.#socket.bufferedAmount;
  }
}
