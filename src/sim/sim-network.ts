import type { Clock } from '../core/clock.ts';
import type { FrameHandlers, FrameSocket } from '../protocol/wire/frame-socket.ts';

export interface LinkOptions {
  /** One-way delay of a frame, ms; drawn for each frame, order is kept. */
  readonly delay: () => number;
}

/** Two ends of one connection, with what can go wrong with it. */
export interface Link {
  readonly client: FrameSocket;
  readonly server: FrameSocket;
  /** From now on nothing arrives on either side, and nobody is told (a cut cable, a stopped process). */
  cut(): void;
  /** Both sides are told at once (a closed page, a reset). */
  reset(): void;
}

/** A simulated connection: frames arrive in order after a delay, or never. */
export function createLink(clock: Clock, { delay }: LinkOptions): Link {
  let dead = false;
  const ends = [new End(), new End()] as const;
  for (const [end, other] of [ends, [ends[1], ends[0]]] as const) {
    let last = 0;
    end.deliver = (run) => {
      last = Math.max(last, clock.now() + delay());
      clock.after(last - clock.now(), () => {
        if (!dead) run(other);
      });
    };
  }
  return {
    client: ends[0],
    server: ends[1],
    cut: () => (dead = true),
    reset: () => {
      dead = true;
      for (const end of ends) end.finish(1006, 'reset');
    },
  };
}

class End implements FrameSocket {
  deliver: (run: (other: End) => void) => void = () => {};
  #handlers: FrameHandlers | undefined;
  #closed = false;

  listen(handlers: FrameHandlers): void {
    this.#handlers = handlers;
  }

  send(frame: string): void {
    if (this.#closed) return;
    this.deliver((other) => {
      if (!other.#closed) other.#handlers?.frame(frame);
    });
  }

  close(code: number, reason: string): void {
    if (this.#closed) return;
    this.deliver((other) => other.finish(code, reason));
    this.finish(code, reason);
  }

  finish(code: number, reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.closed(code, reason);
  }

  buffered(): number {
    return 0;
  }
}
