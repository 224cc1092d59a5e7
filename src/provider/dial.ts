import type { Clock } from '../core/clock.ts';
import { CodedError, errorBody } from '../core/errors.ts';
import type { Connect, FrameSocket } from '../protocol/wire/frame-socket.ts';
import type { SessionEnd } from './session-end.ts';

/** A relay that does not answer within this time counts as out of reach. */
const CONNECT_MS = 10_000;

interface DialOptions {
  readonly relayUrl: string;
  readonly connect: Connect;
  readonly clock: Clock;
}

/** Opens a socket in bounded time. A failure is a connection that ended before it began, worth another try. */
export async function openSocket(
  { relayUrl, connect, clock }: DialOptions,
  signal: AbortSignal,
): Promise<{ socket: FrameSocket } | { end: SessionEnd }> {
  const timeout = new AbortController();
  const undo = clock.after(CONNECT_MS, () =>
    timeout.abort(new CodedError('relay_unreachable', 'The relay did not answer in time.')),
  );
  try {
    return { socket: await connect(relayUrl, AbortSignal.any([signal, timeout.signal])) };
  } catch (error) {
    const { code, message } = errorBody(error);
    return {
      end: { code: code === 'internal' ? 'relay_unreachable' : code, message, retry: true, servedMs: 0 },
    };
  } finally {
    undo();
  }
}
