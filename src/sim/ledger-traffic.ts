import { toHex } from '../core/bytes.ts';
import { CHUNK_TOKENS } from '../protocol/constants.ts';
import { closingVoucher, payableOf } from '../relay/ledger/amounts.ts';
import type { ChunkOperation, Operation, ReserveOperation } from '../relay/ledger/operation.ts';
import type { JobRow, LedgerState } from '../relay/ledger/state.ts';
import type { SimRandom } from './sim-random.ts';

/** Who trades, and how badly. */
export interface TrafficShape {
  readonly channels: number;
  readonly providers: number;
  /** Most jobs at once. */
  readonly jobs: number;
  /** Part of the operations that are wrong on purpose, or come twice. */
  readonly faults: number;
}

type Unnamed<T> = T extends unknown ? Omit<T, 'id'> : never;
type Draft = Unnamed<Operation>;

/** How often each kind of operation is drawn. */
const WEIGHTS = {
  channel: 4,
  voucher: 12,
  reserve: 8,
  cover: 4,
  chunk: 40,
  tail: 3,
  finish: 5,
  release: 2,
  refund: 2,
  closeBatch: 6,
  vest: 6,
  forfeit: 1,
  payout: 6,
  settled: 2,
  paid: 2,
  close: 1,
  closeSent: 1,
  reopen: 1,
} as const satisfies Partial<Record<Operation['type'], number>>;

type Kind = keyof typeof WEIGHTS;
const KINDS = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<Kind>(weight).fill(kind as Kind));

const SIGNATURE = `0x${'5a'.repeat(65)}` as const;

/**
 * An endless stream of operations that fit a state, and of some that do not: for properties, crashes and benchmarks. The
 * same random numbers and states give the same operations.
 */
export class LedgerTraffic {
  readonly #random: SimRandom;
  readonly #shape: TrafficShape;
  readonly #name: string;
  readonly #channels: readonly `0x${string}`[];
  readonly #providers: readonly `0x${string}`[];
  #recent: Operation[] = [];
  #count = 0;

  /** @param name stands before each operation's id; another stream on the same ledger needs another */
  constructor(random: SimRandom, shape: TrafficShape, name: string) {
    this.#random = random;
    this.#shape = shape;
    this.#name = name;
    this.#channels = Array.from({ length: shape.channels }, (_, i) => numbered(i, 32));
    this.#providers = Array.from({ length: shape.providers }, (_, i) => numbered(i, 20));
  }

  /** The next operation, made for this state. */
  next(state: LedgerState): Operation {
    const faulty = this.#random.unit() < this.#shape.faults;
    if (faulty && this.#recent.length > 0 && this.#chance(0.3)) return this.#random.pick(this.#recent);
    const draft = this.#draft(state);
    const op = { ...(faulty ? this.#spoil(draft) : draft), id: `${this.#name}-${this.#count++}` };
    this.#recent = [...this.#recent.slice(-40), op];
    return op;
  }

  #draft(state: LedgerState): Draft {
    const kind = state.channels.size < this.#shape.channels ? 'channel' : this.#random.pick(KINDS);
    const job = this.#job(state);
    switch (kind) {
      case 'channel':
        return this.#channel(state);
      case 'voucher':
        return this.#voucher(state);
      case 'settled':
        return {
          type: 'settled',
          channel: this.#random.pick(this.#channels),
          cumulative: this.#drawn(state),
        };
      case 'refund': {
        const channel = this.#random.pick(this.#channels);
        const before = state.channels.get(channel)?.credited ?? 0n;
        return { type: 'refund', channel, before, amount: this.#amount(1_000_000) };
      }
      case 'close':
      case 'closeSent':
      case 'reopen':
        return this.#close(state, kind);
      case 'closeBatch':
      case 'vest':
      case 'forfeit':
      case 'payout':
      case 'paid':
        return this.#payout(state, kind);
      default:
        return job && (kind !== 'reserve' || state.jobs.size >= this.#shape.jobs)
          ? this.#work(job, kind === 'reserve' ? 'chunk' : kind)
          : this.#reserve();
    }
  }

  #channel(state: LedgerState): Draft {
    const unknown = this.#channels.find((id) => !state.channels.has(id));
    const channel = unknown ?? this.#random.pick(this.#channels);
    const row = state.channels.get(channel);
    const deposit = (row?.deposit ?? 0n) / state.unit + this.#amount(1_000_000);
    return {
      type: 'channel',
      channel,
      payer: numbered(7, 20),
      signer: numbered(8, 20),
      deposit: this.#chance(0.02) ? 2n ** 120n : deposit,
      settled: unknown && this.#chance(0.8) ? 0n : this.#drawn(state, channel),
      closeRequestedAt: this.#chance(0.1) ? 1_000 : 0,
      finalized: this.#chance(0.005),
      block: Math.max(0, (row?.block ?? 0) + this.#random.between(-1, 4)),
    };
  }

  /** What the chain says was drawn from a channel: rarely more than this ledger knows of. */
  #drawn({ unit, channels }: LedgerState, channel = this.#random.pick(this.#channels)): bigint {
    const accepted = (channels.get(channel)?.accepted ?? 0n) / unit;
    return this.#chance(0.05) ? accepted + this.#amount(50) : this.#partOf(accepted);
  }

  #voucher({ unit, channels }: LedgerState): Draft {
    const channel = this.#random.pick(this.#channels);
    const accepted = (channels.get(channel)?.accepted ?? 0n) / unit;
    return { type: 'voucher', channel, cumulative: accepted + this.#amount(2_000), signature: SIGNATURE };
  }

  #close(state: LedgerState, kind: 'close' | 'closeSent' | 'reopen'): Draft {
    const row = this.#random.pick([...state.channels.values()]);
    const { channel } = row;
    const closing = [...state.channels.values()].find((one) => one.closing && !one.finalized);
    const taken = closing ?? row;
    switch (kind) {
      case 'close': {
        const cumulative = closingVoucher(state, row) + (this.#chance(0.2) ? this.#amount(100) : 0n);
        return { type: 'close', channel, cumulative, signature: SIGNATURE };
      }
      case 'closeSent':
        return { type: 'closeSent', channel: taken.channel, nonce: this.#random.between(0, 100) };
      case 'reopen':
        return { type: 'reopen', channel: taken.channel, cumulative: taken.closing?.cumulative ?? 0n };
    }
  }

  #reserve(): Unnamed<ReserveOperation> {
    const rich = this.#chance(0.01);
    return {
      type: 'reserve',
      channel: this.#random.pick(this.#channels),
      job: toHex(this.#random.bytes(16)),
      terms: {
        out: rich ? 10n ** 17n : this.#amount(2_000_000),
        prompt: this.#amount(400_000),
        promptTokens: this.#random.between(1, 300),
        feeBps: this.#random.pick([0, 1, 500, 3_333, 10_000]),
      },
      maxTokens: this.#random.between(1, 400),
      cover: this.#random.between(0, 100),
    };
  }

  #work(job: JobRow, kind: 'cover' | 'chunk' | 'tail' | 'finish' | 'release'): Draft {
    const { job: id, chunks, tokens, covered, maxTokens } = job;
    const step = {
      job: id,
      provider: this.#random.pick(this.#providers),
      before: { chunks, tokens },
      at: this.#random.between(1, 1e9),
    };
    const left = covered - tokens;
    switch (kind) {
      case 'cover':
        return { type: 'cover', job: id, cover: tokens + 2 * CHUNK_TOKENS };
      case 'chunk': {
        const cover = Math.min(maxTokens, tokens + 3 * CHUNK_TOKENS);
        if (left === 0) return { type: 'cover', job: id, cover };
        const whole = Math.min(left, CHUNK_TOKENS);
        const count = this.#chance(0.8) ? whole : this.#random.between(1, whole + 1);
        return { type: 'chunk', ...step, tokens: count, cover };
      }
      case 'tail':
        return { type: 'tail', ...step, tokens: this.#random.between(1, left + 2) };
      case 'finish':
        return { type: 'finish', ...step };
      case 'release':
        return { type: 'release', job: id };
    }
  }

  #payout(state: LedgerState, kind: 'closeBatch' | 'vest' | 'forfeit' | 'payout' | 'paid'): Draft {
    const provider = this.#random.pick(this.#providers);
    const row = state.providers.get(provider);
    switch (kind) {
      case 'closeBatch':
        return {
          type: 'closeBatch',
          provider,
          batch: row?.batch.number ?? 0,
          at: this.#random.between(1, 1e9),
        };
      case 'payout': {
        const cumulative = row ? payableOf(state, row) : 0n;
        return { type: 'payout', provider, cumulative, signature: SIGNATURE };
      }
      case 'paid': {
        const signed = row?.payout?.cumulative ?? 0n;
        const cumulative = this.#chance(0.05) ? signed + this.#amount(50) : this.#partOf(signed);
        return { type: 'paid', provider, cumulative };
      }
      default: {
        const closed = [...state.batches.values()];
        const batch = closed.length > 0 ? this.#random.pick(closed) : { provider, number: 0 };
        return { type: kind, provider: batch.provider, batch: batch.number };
      }
    }
  }

  /** Makes an operation that was right into one that a careless or dishonest caller might send. */
  #spoil(draft: Draft): Draft {
    switch (draft.type) {
      case 'voucher':
      case 'payout':
      case 'close':
      case 'reopen':
        return { ...draft, cumulative: this.#random.pick([0n, 2n ** 127n, -1n, draft.cumulative / 2n]) };
      case 'reserve':
        return { ...draft, maxTokens: this.#random.pick([0, -1, 1.5, 2 ** 21]) };
      case 'chunk':
      case 'tail':
        return this.#spoilStep(draft);
      case 'closeBatch':
      case 'vest':
      case 'forfeit':
        return { ...draft, batch: draft.batch + this.#random.between(0, 2) };
      case 'refund':
        return { ...draft, amount: this.#random.pick([0n, 2n ** 90n, -5n]) };
      default:
        return draft;
    }
  }

  #spoilStep<T extends Unnamed<ChunkOperation> | Draft>(draft: T): T {
    const { chunks, tokens } = (draft as Unnamed<ChunkOperation>).before;
    return this.#random.pick([
      { ...draft, tokens: 0 },
      { ...draft, tokens: 33 },
      { ...draft, before: { chunks: chunks + 1, tokens } },
      { ...draft, before: { chunks: Math.max(0, chunks - 1), tokens: Math.max(0, tokens - CHUNK_TOKENS) } },
      { ...draft, job: toHex(this.#random.bytes(16)) },
    ]);
  }

  #job({ jobs }: LedgerState): JobRow | undefined {
    return jobs.size === 0 ? undefined : this.#random.pick([...jobs.values()]);
  }

  #chance(probability: number): boolean {
    return this.#random.unit() < probability;
  }

  #amount(below: number): bigint {
    return BigInt(this.#random.between(0, below));
  }

  #partOf(amount: bigint): bigint {
    return (amount * this.#amount(1_001)) / 1_000n;
  }
}

function numbered(number: number, bytes: number): `0x${string}` {
  return `0x${number.toString(16).padStart(2 * bytes, '0')}`;
}
