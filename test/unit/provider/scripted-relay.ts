import { plainSpec } from '../../../src/protocol/wire/decode-spec.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { DEFAULT_TIMING, FRAME_CAP, PROTOCOL_VERSION } from '../../../src/protocol/constants.ts';
import { addressOf, recoverAddress } from '../../../src/protocol/money/signature.ts';
import { helloDigest } from '../../../src/protocol/money/statements.ts';
import { CloseCode, type Connect, type FrameSocket } from '../../../src/protocol/wire/frame-socket.ts';
import type { PayoutTerms } from '../../../src/protocol/wire/earnings.ts';
import { type Assignment, FREE } from '../../../src/protocol/wire/job.ts';
import {
  parseProviderMessage,
  type ProviderMessage,
  type RelayMessage,
} from '../../../src/protocol/wire/messages.ts';
import { CodedError } from '../../../src/core/errors.ts';
import { createLink, type Link } from '../../../src/sim/sim-network.ts';
import type { Clock } from '../../../src/core/clock.ts';

type Of<T extends ProviderMessage['type']> = Extract<ProviderMessage, { type: T }>;
export type Timed = ProviderMessage & { readonly at: number };

export const RELAY_ACCOUNT = addressOf(new Uint8Array(32).fill(9));
export const MODEL = { manifest: `0x${'ab'.repeat(32)}`, variant: 'fp32' } as const;
const NONCE = `0x${'11'.repeat(32)}` as const;

/** A relay that does only what the test tells it, and that checks every proof. */
export class ScriptedRelay {
  readonly messages: Timed[] = [];
  readonly closes: { code: number; reason: string }[] = [];
  readonly links: Link[] = [];
  greets = true;
  reachable = true;
  version = PROTOCOL_VERSION;
  /** Answers heartbeats, as a living relay does (rule W6). */
  alive = true;
  /** Said in `welcome`: a relay that pays. */
  payouts: PayoutTerms | undefined;
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  readonly connect: Connect = async () => {
    if (!this.reachable) throw new CodedError('relay_unreachable', 'No relay answers there.');
    const link = createLink(this.#clock, { delay: () => 1 });
    this.links.push(link);
    link.server.listen({
      frame: (text) => this.#receive(link.server, text),
      closed: (code, reason) => this.closes.push({ code, reason }),
    });
    if (this.greets)
      this.send({ type: 'challenge', version: this.version, relay: RELAY_ACCOUNT, nonce: NONCE });
    return link.client;
  };

  get link(): Link {
    return this.links.at(-1) as Link;
  }

  send(message: RelayMessage): void {
    this.link.server.send(JSON.stringify(message));
  }

  sendRaw(text: string): void {
    this.link.server.send(text);
  }

  close(code: number): void {
    this.link.server.close(code, '');
  }

  /** All messages of these types, in the order of their arrival. */
  all<T extends ProviderMessage['type']>(...types: T[]): (Of<T> & { at: number })[] {
    return this.messages.filter((message): message is Of<T> & { at: number } =>
      (types as string[]).includes(message.type),
    );
  }

  ids(job: Hex): number[] {
    return this.all('delta').flatMap((delta) => (delta.job === job ? delta.ids : []));
  }

  #receive(socket: FrameSocket, text: string): void {
    const message = parseProviderMessage(text);
    this.messages.push({ ...message, at: this.#clock.now() });
    if (message.type === 'heartbeat' && this.alive) return this.send({ type: 'heartbeat' });
    if (message.type !== 'hello') return;
    const digest = helloDigest({ relay: RELAY_ACCOUNT, nonce: NONCE, account: message.account });
    if (recoverAddress(digest, message.proof) !== message.account)
      return socket.close(CloseCode.unauthorised, '');
    const { heartbeatMs, leaseMs, flushMs } = DEFAULT_TIMING;
    this.send({
      type: 'welcome',
      session: 's',
      heartbeatMs,
      leaseMs,
      flushMs,
      frameCap: FRAME_CAP,
      free: !this.payouts,
      ...(this.payouts ? { payouts: this.payouts } : {}),
    });
  }
}

export function jobId(n: number): Hex {
  return `0x${n.toString(16).padStart(32, '0')}`;
}

/** An assignment of 100 tokens, unless told otherwise. */
export function assignment(changes: Partial<Assignment> = {}): Assignment {
  return {
    job: jobId(1),
    lease: 0,
    model: MODEL,
    prompt: [1, 2, 3],
    prior: [],
    spec: plainSpec(1),
    seed: '0x0123456789abcdef',
    choice: 0,
    nonce: `0x${'22'.repeat(32)}`,
    maxTokens: 100,
    credit: changes.maxTokens ?? 100,
    stop: [],
    price: FREE,
    feeBps: 0,
    before: { chunks: 0, tokens: changes.prior?.length ?? 0 },
    ...changes,
  };
}
