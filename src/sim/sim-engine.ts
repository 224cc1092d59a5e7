import type { Clock } from '../core/clock.ts';
import { abortError, CodedError } from '../core/errors.ts';
import { Queue } from '../core/queue.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineStream,
  StreamEnd,
  StreamRequest,
  TokenScore,
} from '../engine/engine.ts';
import type { Pace } from '../engine/pace.ts';
import { FEATURES } from '../protocol/wire/feature.ts';
import { type Sample, TOP_COUNT } from '../protocol/wire/sample.ts';
import { parseSeed, threefry2x32 } from '../protocol/wire/sampling-noise.ts';

export interface SimEngineOptions {
  readonly clock: Clock;
  readonly slots: number;
  /** What a step of so many rows takes, read at each step: an owner's game makes it longer. */
  readonly stepMs: number | ((rows: number) => number);
  readonly context?: number;
  readonly vocab?: number;
}

/**
 * The simulation's engine: no model, but the same contract and the same determinism. A token depends on seed, position
 * and all tokens before it, so a stream that was continued wrongly shows at once.
 */
export function createSimEngine({
  clock,
  slots,
  stepMs,
  context = 4096,
  vocab = 1000,
}: SimEngineOptions): Engine {
  const capabilities: EngineCapabilities = {
    name: 'onnx',
    version: 'sim',
    backend: 'cpu',
    software: true,
    gpuClass: 'sim',
    slots,
    context,
    vocab,
    seeded: true,
    commitments: true,
    features: FEATURES,
  };
  const active = new Set<SimStream>();
  const waiting: SimStream[] = [];
  let tokens = 0;
  let pace: Pace | undefined;
  let ticking = false;
  let closed = false;

  function admit(): void {
    while (active.size < slots && waiting.length > 0) active.add(waiting.shift() as SimStream);
    if (active.size === 0 || ticking) return;
    ticking = true;
    const rows = active.size;
    const ms = typeof stepMs === 'number' ? stepMs : stepMs(rows);
    clock.after(ms, () => {
      let given = 0;
      let length = 0;
      for (const stream of active) {
        given += stream.step();
        length = Math.max(length, stream.length);
        if (stream.done) active.delete(stream);
      }
      tokens += given;
      const rest = given > 0 ? pace?.afterStep('decode', rows, length, ms) : undefined;
      if (rest) void rest.then(turn);
      else turn();
    });
  }

  function turn(): void {
    ticking = false;
    admit();
  }

  return {
    capabilities,
    open(request) {
      if (closed) throw new CodedError('engine_closed', 'The engine was closed.');
      if (request.tokens.length === 0)
        throw new CodedError('prompt_empty', 'A prompt needs at least one token.');
      if (request.tokens.length >= context)
        throw new CodedError('context_exceeded', 'The prompt fills the context.');
      const stream = new SimStream(request, vocab, context, () => {
        active.delete(stream);
        const at = waiting.indexOf(stream);
        if (at >= 0) waiting.splice(at, 1);
        admit();
      });
      waiting.push(stream);
      admit();
      return stream;
    },
    async score({ tokens, seed, choice, outputStart, from = outputStart }) {
      const words = new Uint32Array(2);
      const scores: TokenScore[] = [];
      let state = 0;
      for (const [position, id] of tokens.entries()) {
        if (position >= from) {
          const drawn = simToken(state, seed, { position, choice }, vocab, words);
          scores.push({ ...simSample(drawn, vocab, TOP_COUNT), id, drawn, gap: id === drawn ? 0 : 1 });
        }
        state = simState(state, id);
      }
      return scores;
    },
    timings() {
      const ms = typeof stepMs === 'number' ? stepMs : stepMs(Math.max(1, active.size));
      const times = { worstStepMs: ms, stepMs: ms };
      return { active: active.size, waiting: waiting.length, ...times, tokens, prefilled: 0, reused: 0 };
    },
    setPace: (given) => void (pace = given),
    async close() {
      closed = true;
      for (const stream of [...active, ...waiting])
        stream.fail(new CodedError('engine_closed', 'The engine was closed.'));
      active.clear();
      waiting.length = 0;
    },
  };
}

class SimStream implements EngineStream {
  done = false;
  readonly #queue = new Queue<Sample>(1 << 16);
  readonly #request: StreamRequest;
  readonly #vocab: number;
  readonly #room: number;
  readonly #left: () => void;
  readonly #words = new Uint32Array(2);
  #credit: number;
  #given = 0;
  #state = 0;
  #end: StreamEnd | undefined;

  constructor(request: StreamRequest, vocab: number, context: number, left: () => void) {
    this.#request = request;
    this.#vocab = vocab;
    this.#room = context - request.tokens.length;
    this.#credit = request.credit ?? request.maxTokens;
    this.#left = left;
    for (const id of request.tokens) this.#state = simState(this.#state, id);
    request.signal?.addEventListener('abort', () => this.fail(abortError(request.signal as AbortSignal)), {
      once: true,
    });
    if (request.signal?.aborted) this.fail(abortError(request.signal));
  }

  get length(): number {
    return this.#request.tokens.length + this.#given;
  }

  grant(tokens: number): void {
    this.#credit = Math.max(this.#credit, tokens);
  }

  /** One token, if the credit allows; returns how many it gave. */
  step(): number {
    if (this.done || this.#given >= this.#credit) return 0;
    const { choice, tokens, seed, maxTokens, stopIds, stopWhen, topLogprobs = 0 } = this.#request;
    const place = { position: tokens.length + this.#given, choice };
    const id = simToken(this.#state, seed, place, this.#vocab, this.#words);
    this.#state = simState(this.#state, id);
    this.#given++;
    const top = Math.max(TOP_COUNT, topLogprobs);
    const stop = stopIds.includes(id) || (stopWhen?.(id) ?? false);
    this.#queue.push(simSample(id, this.#vocab, top));
    if (stop || this.#given >= Math.min(maxTokens, this.#room)) {
      this.#end = stop ? 'stop' : 'length';
      this.done = true;
      this.#queue.end();
    }
    return 1;
  }

  fail(error: CodedError): void {
    if (this.done) return;
    this.done = true;
    this.#queue.end(error);
    this.#left();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Sample, StreamEnd | undefined, void> {
    try {
      yield* this.#queue;
      return this.#end;
    } finally {
      if (!this.done) {
        this.done = true;
        this.#left();
      }
    }
  }
}

/** Folds a token into the running state that stands for a KV cache. */
function simState(state: number, id: number): number {
  return Math.imul(state ^ id, 0x9e3779b1) ^ (state >>> 15);
}

function simToken(
  state: number,
  seed: string,
  { choice = 0, position }: { position: number; choice?: number | undefined },
  vocab: number,
  words: Uint32Array,
): number {
  const { low, high } = parseSeed(seed);
  threefry2x32(low ^ state, high, position, choice, words);
  return 10 + ((words[0] as number) % (vocab - 10));
}

function simSample(id: number, vocab: number, top: number): Sample {
  return {
    id,
    logprob: -1,
    topIds: Array.from({ length: top }, (_, i) => (id + i) % vocab),
    topLogprobs: Array.from({ length: top }, (_, i) => -1 - i),
    projection: Array(8).fill(0.5),
    margin: 1,
  };
}

/** What a stream that nobody ever interrupts gives: the reference for simulated moves. */
export function simReference(
  prompt: readonly number[],
  seed: string,
  count: number,
  { choice = 0, vocab = 1000 } = {},
): number[] {
  const words = new Uint32Array(2);
  let state = 0;
  for (const id of prompt) state = simState(state, id);
  return Array.from({ length: count }, (_, i) => {
    const id = simToken(state, seed, { position: prompt.length + i, choice }, vocab, words);
    state = simState(state, id);
    return id;
  });
}
