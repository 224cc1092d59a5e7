import type { Clock } from '../core/clock.ts';
import { CHUNK_TOKENS } from '../protocol/constants.ts';
import { ceilToBase, promptFee, pinTerms, unitOf } from '../protocol/money/price.ts';
import { decodeHeader, encodeHeader } from '../relay/payments/header-json.ts';
import type { PaymentTerms } from '../relay/payments/payment-terms.ts';
import type { Relay } from '../relay/relay.ts';
import { type SimAnswer, simChat, type SimRequest, simRequest } from './sim-agent.ts';
import { SIM_ENCODER, SIM_MODEL } from './sim-model.ts';
import type { SimRandom } from './sim-random.ts';
import { SimWallet } from './sim-wallet.ts';

/** How a paying agent behaves in one stream. */
export interface Habits {
  /** Output tokens that it pays for at most; then it stays silent. */
  readonly budget?: number;
  readonly key?: string;
}

/** One stream of a paying agent. */
export interface PaidStream {
  readonly answer: SimAnswer;
  readonly prompt: readonly number[];
  /** Output tokens that were paid for, ahead of what came. */
  covered: number;
}

/** An agent that pays as the SDK does: one chunk ahead of the ids that it counted. */
export class SimPayer {
  readonly wallet: SimWallet;
  /** Base units that it signed for. */
  signed = 0n;
  readonly streams: PaidStream[] = [];
  /** Answers to vouchers without a body. */
  readonly updates: SimAnswer[] = [];
  readonly #relay: () => Relay;
  readonly #clock: Clock;
  readonly #random: SimRandom;
  readonly #terms: PaymentTerms;
  readonly #unit: bigint;
  readonly #challenge: () => object;

  /** @param challenge a fresh one, as a request without a credential would get */
  constructor(
    relay: () => Relay,
    clock: Clock,
    random: SimRandom,
    terms: PaymentTerms,
    challenge: () => string,
  ) {
    this.#challenge = () => challengeIn(challenge());
    this.#relay = relay;
    this.#clock = clock;
    this.#random = random;
    this.#terms = terms;
    this.#unit = unitOf(terms.tokenDecimals);
    this.wallet = new SimWallet(random, terms);
  }

  /** Of all its requests for vectors, in tokens. */
  embedded = 0;

  /** What all its streams cost, as far as they are covered, and its vectors, in pico. */
  get due(): bigint {
    return this.streams.reduce(
      (sum, stream) => sum + this.costOf(stream.prompt.length, stream.covered),
      this.costOf(this.embedded, 0),
    );
  }

  costOf(promptTokens: number, tokens: number): bigint {
    const price = this.#terms.prices.get(SIM_MODEL.id) as { out: string; prompt: string };
    const terms = pinTerms(price, promptTokens, 0);
    return promptFee(terms) + terms.out * BigInt(tokens);
  }

  /** The header for a payload. */
  credential(payload: object, challenge = this.#challenge()): Record<string, string> {
    return { authorization: `Payment ${encodeHeader({ challenge, payload })}` };
  }

  send(payload: object, request: SimRequest = {}): SimAnswer {
    const headers = { ...request.headers, ...this.credential(payload) };
    return simRequest(this.#relay(), { ...request, headers });
  }

  open(deposit: bigint): SimAnswer {
    return this.send(this.wallet.opening(deposit, this.#clock.now()));
  }

  topUp(amount: bigint): SimAnswer {
    return this.send(this.wallet.topUp(amount, this.#random, this.#clock.now()));
  }

  close(cumulative = this.signed): SimAnswer {
    return this.send(this.wallet.voucher(cumulative, 'close'));
  }

  /** Asks, and goes on paying as ids come. */
  ask(content: string, maxTokens: number, { budget = maxTokens, key }: Habits = {}): PaidStream {
    const prompt = SIM_MODEL.tokenizer.chat([{ role: 'user', content }]);
    const ahead = (count: number): number => Math.min(count + 2 * CHUNK_TOKENS, budget, maxTokens);
    const stream: { answer?: SimAnswer; prompt: readonly number[]; covered: number } = {
      prompt,
      covered: ahead(0),
    };
    this.streams.push(stream as PaidStream);
    let counted = 0;
    const onIds = (ids: readonly number[]): void => {
      counted += ids.length;
      const wanted = ahead(counted);
      if (Math.floor(wanted / CHUNK_TOKENS) === Math.floor(stream.covered / CHUNK_TOKENS) && wanted < budget)
        return;
      if (wanted <= stream.covered) return;
      stream.covered = wanted;
      this.update();
    };
    const headers = {
      ...this.credential(this.#next()),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const body = { model: SIM_MODEL.id, messages: [{ role: 'user', content }], max_tokens: maxTokens };
    stream.answer = simChat(this.#relay(), body, { headers, onIds });
    return stream as PaidStream;
  }

  /** Asks for vectors of ids, which are paid for before they are made. */
  embed(input: readonly (readonly number[])[], key?: string): SimAnswer {
    this.embedded += input.reduce((sum, { length }) => sum + length, 0);
    const headers = {
      ...this.credential(this.#next()),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    };
    const body = JSON.stringify({ model: SIM_ENCODER.id, input });
    return simRequest(this.#relay(), { path: '/v1/embeddings', headers, body });
  }

  /** Signs for all that its streams cost by now, and sends it. */
  update(): void {
    this.updates.push(this.send(this.#next()));
  }

  #next(): object {
    const due = ceilToBase(this.due, this.#unit);
    if (due > this.signed) this.signed = due;
    return this.wallet.voucher(this.signed);
  }
}

/** A challenge as a credential repeats it. */
export function challengeIn(header: string): Record<string, string> {
  return Object.fromEntries([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

/** What a challenge asks for. */
export function requestIn(header: string): unknown {
  return decodeHeader(challengeIn(header)['request'] ?? '');
}
