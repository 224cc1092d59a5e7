import { type Hex, toHex } from '../../core/bytes.ts';
import type { Clock } from '../../core/clock.ts';
import { CodedError, errorBody, unreachable } from '../../core/errors.ts';
import { type Random, randomId } from '../../core/random.ts';
import { FRAME_CAP, PROTOCOL_VERSION, type Timing } from '../../protocol/constants.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import type { FrameSocket } from '../../protocol/wire/frame-socket.ts';
import {
  type Hello,
  parseProviderMessage,
  type ProviderMessage,
  type RelayMessage,
} from '../../protocol/wire/messages.ts';
import type { Catalogue, RelayModel } from '../catalogue.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Limits } from '../limits.ts';
import type { Log } from '../log.ts';
import type { PayoutDesk } from '../payouts/payout-desk.ts';
import type { RelayListener } from '../relay-events.ts';
import { takeAttemptMessage } from './attempt-messages.ts';
import { closeCodeOf } from './close-code.ts';
import { type Challenge, readHello } from './handshake.ts';
import type { Openings } from './openings.ts';
import { addSlots, createProvider, type Provider, removeSlots } from './provider.ts';
import type { Registry } from './registry.ts';
import { silenceLimit, type SilenceWatch, watchSilence } from './silence.ts';

export interface ConnectionParts {
  readonly address: Hex;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing: Timing;
  readonly limits: Limits;
  readonly log: Log;
  readonly recover: Recover;
  readonly catalogue: Catalogue;
  readonly registry: Registry;
  readonly jobs: Jobs;
  readonly openings: Openings;
  readonly emit: RelayListener;
  /** Absent where nobody pays. */
  readonly payouts: PayoutDesk | undefined;
  /** Called once, when the connection is over. */
  readonly ended: () => void;
}

/**
 * One provider's socket, from the challenge to its end (rules W1 to W5, L2). A broken rule closes it with a coded
 * error; its jobs move on, and nobody else notices.
 */
export class Connection {
  readonly #socket: FrameSocket;
  readonly #parts: ConnectionParts;
  readonly #challenge: Challenge;
  readonly #session: string;
  #undoHello: () => void;
  #provider: Provider | undefined;
  #silence: SilenceWatch | undefined;
  /** When this side last sent a frame. */
  #spokeAt = 0;
  #closed = false;

  constructor(socket: FrameSocket, parts: ConnectionParts) {
    const { address, clock, limits, random } = parts;
    this.#socket = socket;
    this.#parts = parts;
    this.#session = randomId(random, 8);
    this.#challenge = { relay: address, nonce: toHex(random.bytes(32)) };
    this.#undoHello = clock.after(limits.helloMs, () =>
      this.fail(new CodedError('hello_expected', 'The provider did not say hello in time.')),
    );
    socket.listen({
      frame: (text) => this.#receive(text),
      closed: () => this.#end(new CodedError('socket_closed', 'The connection closed.')),
    });
    this.send({ type: 'challenge', version: PROTOCOL_VERSION, ...this.#challenge });
  }

  send(message: RelayMessage): void {
    if (this.#closed) return;
    this.#spokeAt = this.#parts.clock.now();
    this.#socket.send(JSON.stringify(message));
    if (this.#socket.buffered() > this.#parts.limits.providerBuffer) {
      this.fail(new CodedError('provider_too_slow', 'The provider does not read what it is sent.'));
    }
  }

  /** Says what is wrong, closes the socket, and lets the jobs move on. */
  fail(error: CodedError): void {
    if (this.#closed) return;
    this.#socket.send(JSON.stringify({ type: 'error', ...error.toBody() }));
    this.#socket.close(closeCodeOf(error.code), error.code);
    this.#end(error);
  }

  #receive(frame: string): void {
    if (this.#closed) return;
    const provider = this.#provider;
    try {
      if (!provider) return this.#admit(readHello(frame, this.#challenge, this.#parts.recover));
      provider.heardAt = this.#parts.clock.now();
      this.#take(provider, parseProviderMessage(frame));
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const { clock, emit, log } = this.#parts;
    if (!(error instanceof CodedError)) {
      log.error({ session: this.#session, error: errorBody(error) }, 'A frame made the relay fail.');
      return this.fail(new CodedError('internal', 'The relay failed; its log says why.'));
    }
    if (error.code === 'attempt_unknown') return this.send({ type: 'error', ...error.toBody() });
    const { code, message } = error;
    emit({ type: 'ruleBroken', at: clock.now(), account: this.#provider?.account, code, message });
    this.fail(error);
  }

  #admit(hello: Hello): void {
    const { clock, emit, jobs, payouts, registry, timing } = this.#parts;
    const now = clock.now();
    this.#undoHello();
    registry.get(hello.account)?.fail(new CodedError('replaced', 'A newer connection has this account now.'));
    const provider = createProvider(hello, this.#known(hello.models), {
      session: this.#session,
      connectedAt: now,
      send: (message) => this.send(message),
      fail: (error) => this.fail(error),
    });
    this.#provider = provider;
    registry.add(provider, now);
    this.#silence = watchSilence({
      clock,
      graceMs: timing.heartbeatMs * 2,
      heardAt: () => provider.heardAt,
      limitMs: () => silenceLimit(timing, provider.worstStepMs),
      lost: () => this.fail(new CodedError('silent', 'The provider was not heard in time.')),
    });
    const { heartbeatMs, leaseMs, flushMs } = timing;
    const session = this.#session;
    const terms = { free: !payouts, ...(payouts ? { payouts: payouts.terms } : {}) };
    this.send({ type: 'welcome', session, heartbeatMs, leaseMs, flushMs, frameCap: FRAME_CAP, ...terms });
    payouts?.join(provider);
    const models = [...provider.models].map(({ id }) => id);
    emit({
      type: 'providerReady',
      at: now,
      account: hello.account,
      gpu: hello.gpu,
      models,
      slots: hello.slots,
    });
    jobs.scheduler.pump();
  }

  #take(provider: Provider, message: ProviderMessage): void {
    const { jobs, log, openings, payouts, registry } = this.#parts;
    switch (message.type) {
      case 'delta':
      case 'chunk':
      case 'result':
      case 'embedded':
      case 'handback':
        return takeAttemptMessage(provider, message, jobs, registry);
      case 'heartbeat':
        return this.#hearPulse(provider, message.worstStepMs);
      case 'grant':
        addSlots(provider, message.slots);
        return jobs.scheduler.pump();
      case 'revoke':
        return removeSlots(provider, message.slots);
      case 'models':
        provider.room = message.room ?? provider.room;
        registry.offer(provider, this.#known(message.models), provider.heardAt);
        return jobs.scheduler.pump();
      case 'opening':
        if (openings.answer(provider, message.job, message.lease, message.leaves)) return;
        throw new CodedError('attempt_unknown', 'Nobody waits for this opening.');
      case 'payout':
        if (payouts) return payouts.request(provider);
        throw new CodedError('message_unexpected', 'This relay pays nobody.');
      case 'error':
        return log.warn(
          { account: provider.account, code: message.code, reason: message.message },
          'A provider reports an error.',
        );
      case 'hello':
        throw new CodedError('message_unexpected', 'A provider says hello once.');
      default:
        return unreachable(message);
    }
  }

  #hearPulse(provider: Provider, worstStepMs: number): void {
    const { timing } = this.#parts;
    const before = silenceLimit(timing, provider.worstStepMs);
    provider.worstStepMs = worstStepMs;
    if (silenceLimit(timing, worstStepMs) < before) this.#silence?.rearm();
    if (provider.heardAt - this.#spokeAt >= timing.leaseMs / 4) this.send({ type: 'heartbeat' });
  }

  /** What of its offer this relay can speak for. */
  #known(offers: Hello['models']): ReadonlySet<RelayModel> {
    const models = offers.map((offer) => this.#parts.catalogue.byRef(offer));
    return new Set(models.filter((model) => model !== undefined));
  }

  /** The connection is over, whoever ended it (rule L2). */
  #end(cause: CodedError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#undoHello();
    this.#silence?.stop();
    this.#parts.ended();
    const provider = this.#provider;
    if (!provider) return;
    const { clock, emit, jobs, openings, payouts, registry } = this.#parts;
    const at = clock.now();
    const silentMs = at - provider.heardAt;
    registry.remove(provider, at);
    if (provider.busy > 0) registry.countLoss(provider.account, at);
    openings.drop(provider);
    payouts?.leave(provider);
    emit({
      type: 'providerLost',
      at,
      account: provider.account,
      code: cause.code,
      silentMs,
      leases: provider.busy,
    });
    jobs.interruptAll(provider, cause.code, silentMs);
  }
}
