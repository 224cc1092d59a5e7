import type { FrameHandlers, FrameSocket } from '../../../../src/protocol/wire/frame-socket.ts';
import { parseRelayMessage, type RelayMessage } from '../../../../src/protocol/wire/messages.ts';

/** The relay's end of a connection that delivers at once; the test holds the other end. */
export class TestSocket implements FrameSocket {
  readonly received: RelayMessage[] = [];
  closed: { code: number; reason: string } | undefined;
  /** What `buffered` answers: a provider that stopped reading. */
  unsent = 0;
  onMessage: (message: RelayMessage) => void = () => {};
  #handlers: FrameHandlers | undefined;

  listen(handlers: FrameHandlers): void {
    this.#handlers = handlers;
  }

  send(frame: string): void {
    const message = parseRelayMessage(frame);
    this.received.push(message);
    this.onMessage(message);
  }

  close(code: number, reason: string): void {
    this.closed ??= { code, reason };
  }

  buffered(): number {
    return this.unsent;
  }

  /** A frame from the provider. */
  deliver(frame: string): void {
    this.#handlers?.frame(frame);
  }

  /** The provider's end is gone, and the relay hears of it. */
  drop(): void {
    this.closed ??= { code: 1006, reason: '' };
    this.#handlers?.closed(1006, '');
  }
}
