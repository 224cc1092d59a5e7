import { type Hex, toHex } from '../../../../src/core/bytes.ts';
import { PROTOCOL_VERSION } from '../../../../src/protocol/constants.ts';
import { addressOf, signDigest } from '../../../../src/protocol/money/signature.ts';
import { helloDigest } from '../../../../src/protocol/money/statements.ts';
import { FEATURES } from '../../../../src/protocol/wire/feature.ts';
import { FREE } from '../../../../src/protocol/wire/job.ts';
import type {
  Hello,
  ModelOffer,
  ProviderMessage,
  RelayMessage,
} from '../../../../src/protocol/wire/messages.ts';
import { BYTE_MODEL } from './byte-model.ts';
import { TestAttempt } from './test-attempt.ts';

/** What a provider needs of a connection: the in-memory one, or a real WebSocket. */
export interface TestWire {
  deliver(frame: string): void;
  onMessage: (message: RelayMessage) => void;
}

export const BYTE_OFFER: ModelOffer = { id: BYTE_MODEL.id, ...BYTE_MODEL.ref };

/** A small honest provider that does only what a test tells it; rules are broken by `send`. */
export class TestProvider {
  readonly key: Uint8Array;
  readonly account: Hex;
  readonly attempts: TestAttempt[] = [];
  readonly errors: string[] = [];
  readonly #wire: TestWire;
  /** Called with each new attempt. */
  onAssign: (attempt: TestAttempt) => void = () => {};
  onOther: (message: RelayMessage) => void = () => {};
  #challenge: { relay: Hex; nonce: Hex } | undefined;

  constructor(wire: TestWire, seed: number) {
    this.#wire = wire;
    this.key = new Uint8Array(32).fill(seed + 1);
    this.account = addressOf(this.key);
  }

  get attempt(): TestAttempt {
    const last = this.attempts.at(-1);
    if (!last) throw new Error('No attempt was assigned.');
    return last;
  }

  send(message: ProviderMessage): void {
    this.#wire.deliver(JSON.stringify(message));
  }

  hear(message: RelayMessage): void {
    if (message.type === 'challenge') this.#challenge = message;
    else if (message.type === 'error') this.errors.push(message.code);
    else if (message.type === 'assign') {
      const attempt = new TestAttempt(message, this.account, this.key, (answer) => this.send(answer));
      this.attempts.push(attempt);
      this.onAssign(attempt);
    }
    this.onOther(message);
  }

  /** @param key another than its own proves nothing */
  hello(given: Partial<Hello> = {}, key: Uint8Array = this.key): void {
    const { relay, nonce } = this.#challenge ?? {
      relay: toHex(new Uint8Array(20)),
      nonce: toHex(new Uint8Array(32)),
    };
    this.send({
      type: 'hello',
      version: PROTOCOL_VERSION,
      account: this.account,
      proof: signDigest(helloDigest({ relay, nonce, account: this.account }), key),
      gpu: { class: 'test/gpu', backend: 'cpu', software: true, description: 'a test' },
      engine: { name: 'onnx', version: 'test' },
      models: [BYTE_OFFER],
      slots: 1,
      worstStepMs: 10,
      features: [...FEATURES],
      ask: FREE,
      ...given,
    });
  }

  heartbeat(worstStepMs = 10): void {
    this.send({ type: 'heartbeat', worstStepMs, active: 0 });
  }
}
