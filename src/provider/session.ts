import type { Hex } from '../core/bytes.ts';
import { type Clock, every } from '../core/clock.ts';
import { CodedError, type ErrorBody, errorBody, unreachable } from '../core/errors.ts';
import { PROTOCOL_VERSION } from '../protocol/constants.ts';
import { CloseCode, type FrameSocket } from '../protocol/wire/frame-socket.ts';
import {
  type Hello,
  parseRelayMessage,
  type ProviderMessage,
  type RelayMessage,
} from '../protocol/wire/messages.ts';
import type { MoneyMessage } from './income/money-message.ts';
import type { JobMessage } from './runner.ts';
import { endOfClose, type SessionEnd } from './session-end.ts';
import type { Signer } from './signer.ts';

export type Welcome = Extract<RelayMessage, { type: 'welcome' }>;

/** What `hello` says beside the proof of the account. */
export type Introduction = Omit<Hello, 'type' | 'version' | 'account' | 'proof'>;

export interface SessionOptions {
  readonly clock: Clock;
  readonly signer: Signer;
  /** Read when the challenge has come. */
  readonly introduce: () => Introduction;
  readonly welcomed: (welcome: Welcome, relay: Hex) => void;
  readonly job: (message: JobMessage) => void;
  readonly money: (message: MoneyMessage) => void;
  /** The relay takes no new jobs; those that run go on. */
  readonly draining: (reason: string) => void;
  /** An `error` from the relay that does not close the connection. */
  readonly relayError: (error: ErrorBody) => void;
  readonly heartbeat: () => { worstStepMs: number; active: number };
}

/** A relay that says nothing for this long is no relay. */
const HANDSHAKE_MS = 10_000;
/** Bytes that may wait in the socket: far more means that nothing gets out any more. */
const BUFFER_CAP = 1024 * 1024;

type Phase = 'connected' | 'greeting' | 'ready' | 'closed';

/**
 * One socket to the relay, from its challenge to its end (rules W1 to W3). It knows frames and heartbeats; what jobs
 * do is the runner's.
 */
export class Session {
  /** Resolves once, when the socket is done with. */
  readonly ended: Promise<SessionEnd>;
  readonly #socket: FrameSocket;
  readonly #options: SessionOptions;
  #end!: (end: SessionEnd) => void;
  /** When the relay's last frame came. */
  #heardAt = 0;
  #phase: Phase = 'connected';
  #relay: Hex = '0x';
  #welcomedAt: number | undefined;
  #lastError: ErrorBody | undefined;
  #stopTimers: () => void;

  constructor(socket: FrameSocket, options: SessionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#stopTimers = options.clock.after(HANDSHAKE_MS, () =>
      this.#abandon(
        CloseCode.protocolError,
        new CodedError('handshake_timeout', 'The relay did not greet in time.'),
      ),
    );
    socket.listen({
      frame: (text) => this.#receive(text),
      closed: (code, reason) => this.#finish(endOfClose(code, reason, this.#lastError)),
    });
  }

  /** Sends a frame; nothing once the connection has ended. */
  send(message: ProviderMessage): void {
    if (this.#phase !== 'closed') this.#socket.send(JSON.stringify(message));
  }

  /** Sends a frame that makes sense only after `welcome`; `hello` tells the same where that is still to come. */
  sendReady(message: ProviderMessage): void {
    if (this.#phase === 'ready') this.send(message);
  }

  /** Ends the connection by this side's wish. */
  close(reason: string): void {
    if (this.#phase === 'closed') return;
    this.#finish({ code: 'closed', message: reason, retry: false });
    this.#socket.close(CloseCode.normal, reason);
  }

  #receive(text: string): void {
    if (this.#phase === 'closed') return;
    this.#heardAt = this.#options.clock.now();
    try {
      this.#dispatch(parseRelayMessage(text));
    } catch (error) {
      const { code, message, data } = errorBody(error);
      this.send({ type: 'error', code, message, ...(data ? { data } : {}) });
      const closeCode =
        code === 'version_unsupported' ? CloseCode.versionUnsupported : CloseCode.protocolError;
      this.#abandon(
        code === 'frame_too_large' ? CloseCode.frameTooLarge : closeCode,
        new CodedError(code, message, data),
      );
    }
  }

  #dispatch(message: RelayMessage): void {
    switch (message.type) {
      case 'error':
        this.#lastError = errorOf(message);
        return this.#options.relayError(this.#lastError);
      case 'challenge':
        this.#expect('connected', message.type);
        if (message.version !== PROTOCOL_VERSION) {
          const versions = { relay: message.version, provider: PROTOCOL_VERSION };
          throw new CodedError(
            'version_unsupported',
            'The relay speaks another version of the protocol.',
            versions,
          );
        }
        this.#phase = 'greeting';
        this.#relay = message.relay;
        return void this.#greet(message.relay, message.nonce);
      case 'welcome':
        this.#expect('greeting', message.type);
        return this.#begin(message);
      case 'heartbeat':
        return this.#expect('ready', message.type);
      case 'drain':
        this.#expect('ready', message.type);
        return this.#options.draining(message.reason);
      case 'assign':
      case 'embed':
      case 'credit':
      case 'cancel':
      case 'open':
        this.#expect('ready', message.type);
        return this.#options.job(message);
      case 'voucher':
      case 'earnings':
        this.#expect('ready', message.type);
        return this.#options.money(message);
      default:
        return unreachable(message);
    }
  }

  #expect(phase: Phase, type: string): void {
    if (this.#phase === phase) return;
    throw new CodedError('message_unexpected', `The relay sent ${type} out of turn.`, {
      type,
      phase: this.#phase,
    });
  }

  async #greet(relay: Hex, nonce: Hex): Promise<void> {
    const { signer, introduce } = this.#options;
    try {
      const proof = await signer.hello({ relay, nonce });
      this.send({ type: 'hello', version: PROTOCOL_VERSION, account: signer.account, proof, ...introduce() });
    } catch (error) {
      this.#abandon(CloseCode.unauthorised, error);
    }
  }

  #begin(welcome: Welcome): void {
    this.#stopTimers();
    this.#phase = 'ready';
    this.#welcomedAt = this.#options.clock.now();
    let last = this.#welcomedAt;
    this.#stopTimers = every(this.#options.clock, welcome.heartbeatMs, () => {
      const now = this.#options.clock.now();
      // A frozen tab or a sleeping machine: the relay has given the leases away, and its close may never get here.
      if (now - last > welcome.leaseMs + welcome.heartbeatMs)
        return this.#lose('The tab was frozen longer than a lease.');
      if (this.#socket.buffered() > BUFFER_CAP) return this.#lose('Nothing gets through to the relay.');
      // The relay speaks at least every quarter of a lease (rule W6): the socket is half-open.
      if (now - this.#heardAt > welcome.leaseMs) return this.#lose('The relay was not heard for a lease.');
      last = now;
      this.send({ type: 'heartbeat', ...this.#options.heartbeat() });
    });
    this.#options.welcomed(welcome, this.#relay);
  }

  #lose(message: string): void {
    this.#abandon(CloseCode.lost, new CodedError('connection_lost', message));
  }

  #abandon(closeCode: number, error: unknown): void {
    if (this.#phase === 'closed') return;
    const { code, message } = errorBody(error);
    this.#finish({ code, message, retry: code !== 'version_unsupported' && code !== 'statement_refused' });
    this.#socket.close(closeCode, code);
  }

  #finish(end: Omit<SessionEnd, 'servedMs'>): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#stopTimers();
    const served = this.#welcomedAt === undefined ? 0 : this.#options.clock.now() - this.#welcomedAt;
    this.#end({ ...end, servedMs: served });
  }
}

function errorOf({ code, message, data }: Extract<RelayMessage, { type: 'error' }>): ErrorBody {
  return { code, message, ...(data ? { data } : {}) };
}
