import type { Hex } from '../../../src/core/bytes.ts';
import type { JobTerms, Progress } from '../../../src/protocol/money/price.ts';
import type { Ledger } from '../../../src/relay/ledger/ledger.ts';
import type {
  ChannelOperation,
  ChunkOperation,
  Operation,
  ReserveOperation,
} from '../../../src/relay/ledger/operation.ts';
import type { Done, OperationResult, Refusal, ResultOf } from '../../../src/relay/ledger/result.ts';

/** The amounts of the demo: a coin of 6 decimals, $1 per million output tokens, $0.20 per million prompt tokens. */
export const UNIT = 1_000_000n;
export const BOOK = { unit: UNIT, book: 'test' };
/** 10 prompt tokens: a fee of 2 base units; a chunk costs 32. */
export const TERMS: JobTerms = { out: 1_000_000n, prompt: 200_000n, promptTokens: 10, feeBps: 500 };
export const SIGNATURE: Hex = `0x${'5a'.repeat(65)}`;
function channelId(number: number): Hex {
  return `0x${number.toString(16).padStart(64, '0')}`;
}

function account(number: number): Hex {
  return `0x${number.toString(16).padStart(40, '0')}`;
}

function jobId(number: number): Hex {
  return `0x${number.toString(16).padStart(32, '0')}`;
}

type Unnamed<T> = T extends unknown ? Omit<T, 'id'> & { id?: string } : never;
type Draft = Unnamed<Operation>;
type DoneOf<D extends Draft> = Done<D['type']>;

/** A ledger with a short way to say what happens to it. Scenes on one ledger have names of their own for everything. */
export interface Scene {
  readonly ledger: Ledger;
  readonly channel: Hex;
  /** Other channels, from 1. */
  readonly channelOf: (number: number) => Hex;
  readonly job: (number: number) => Hex;
  readonly tab: (number: number) => Hex;
  /** Job 1's chunk after `before`, by tab 1 unless said otherwise. */
  chunk(before: Progress, more?: Partial<ChunkOperation>): Omit<ChunkOperation, 'id'> & { id?: string };
  /** Commits one operation under a new id, or its own. */
  commit<D extends Draft>(draft: D): Promise<ResultOf<Extract<Operation, { type: D['type'] }>>>;
  /** The same, for one that must not be refused. */
  done<D extends Draft>(draft: D): Promise<DoneOf<D>>;
  /** The code of one that must be refused. */
  refused(draft: Draft): Promise<Refusal>;
  /** A channel as the chain has it: 1,000 base units unless said otherwise. */
  openChannel(chain?: Partial<ChannelOperation>): Promise<void>;
  voucher(cumulative: bigint, channel?: Hex): Promise<Done<'voucher'>>;
  reserve(terms?: Partial<ReserveOperation>): Promise<Done<'reserve'>>;
  /** Opens the channel, pays `paid` base units and starts job 1. */
  startJob(paid: bigint, terms?: Partial<ReserveOperation>): Promise<void>;
}

let scenes = 0;

export function createScene(ledger: Ledger): Scene {
  const own = 1_000 * scenes++;
  const channel = channelId(own);
  const job = (number: number): Hex => jobId(own + number);
  let count = 0;
  async function commit(draft: Draft): Promise<OperationResult> {
    const op = { id: `op-${own}-${count++}`, ...draft } as Operation;
    const [result] = await ledger.commit([op]);
    return result;
  }
  async function done(draft: Draft): Promise<OperationResult> {
    const result = await commit(draft);
    if (!result.ok) throw new Error(`${draft.type} was refused: ${result.code}`);
    return result;
  }
  const scene = {
    ledger,
    channel,
    channelOf: (number: number): Hex => channelId(own + number),
    job,
    tab: (number: number): Hex => account(own + number),
    chunk: (before: Progress, more: Partial<ChunkOperation> = {}) => ({
      type: 'chunk',
      job: job(1),
      provider: account(own + 1),
      before,
      at: 1_000,
      tokens: 32,
      cover: before.tokens + 96,
      ...more,
    }),
    commit,
    done,
    async refused(draft: Draft): Promise<Refusal> {
      const result = await commit(draft);
      if (result.ok) throw new Error(`${draft.type} was not refused`);
      return result;
    },
    async openChannel(chain: Partial<ChannelOperation> = {}): Promise<void> {
      await done({
        type: 'channel',
        channel,
        payer: account(own),
        signer: account(own),
        deposit: 1_000n,
        settled: 0n,
        closeRequestedAt: 0,
        finalized: false,
        block: 1,
        ...chain,
      });
    },
    voucher: (cumulative: bigint, of = channel) =>
      done({ type: 'voucher', channel: of, cumulative, signature: SIGNATURE }),
    reserve: (terms: Partial<ReserveOperation> = {}) =>
      done({
        type: 'reserve',
        channel,
        job: job(1),
        terms: TERMS,
        maxTokens: 200,
        cover: 64,
        ...terms,
      }),
    async startJob(paid: bigint, terms: Partial<ReserveOperation> = {}): Promise<void> {
      await scene.openChannel();
      await scene.voucher(paid);
      await scene.reserve(terms);
    },
  };
  return scene as unknown as Scene;
}
