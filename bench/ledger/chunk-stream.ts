import type { Hex } from '../../src/core/bytes.ts';
import { CHUNK_TOKENS } from '../../src/protocol/constants.ts';
import type { JobTerms, Progress } from '../../src/protocol/money/price.ts';
import type { Ledger } from '../../src/relay/ledger/ledger.ts';
import type { ChunkOperation, Operation, VoucherOperation } from '../../src/relay/ledger/operation.ts';

/** A coin of 6 decimals, $1 per million tokens. */
export const BENCH_BOOK = { unit: 1_000_000n, book: 'bench' };
const TERMS: JobTerms = { out: 1_000_000n, prompt: 200_000n, promptTokens: 100, feeBps: 500 };
const SIGNATURE: Hex = `0x${'5a'.repeat(65)}`;

/** One endless paid stream: its own channel, job and provider. What a relay does for it is a voucher and a chunk in turn. */
export interface ChunkStream {
  next(): VoucherOperation | ChunkOperation;
}

/** Opens channels, pays ahead and starts a job on each. */
export async function openStreams(ledger: Ledger, count: number): Promise<ChunkStream[]> {
  const streams = Array.from({ length: count }, (_, number) => createStream(number));
  await ledger.commit(streams.flatMap(({ start }) => start));
  return streams;
}

function createStream(number: number): ChunkStream & { start: Operation[] } {
  const id = (bytes: number): Hex => `0x${number.toString(16).padStart(2 * bytes, '0')}`;
  const [channel, job, provider] = [id(32), id(16), id(20)];
  const chain = { deposit: 10n ** 11n, settled: 0n, closeRequestedAt: 0, finalized: false, block: 1 };
  let progress: Progress = { chunks: 0, tokens: 0 };
  let paid = 200n;
  let voucherIsNext = true;

  function voucher(): VoucherOperation {
    paid += BigInt(CHUNK_TOKENS);
    return { type: 'voucher', id: `${channel}/${paid}`, channel, cumulative: paid, signature: SIGNATURE };
  }
  function chunk(): ChunkOperation {
    const before = progress;
    progress = { chunks: before.chunks + 1, tokens: before.tokens + CHUNK_TOKENS };
    const cover = progress.tokens + 2 * CHUNK_TOKENS;
    return {
      type: 'chunk',
      id: `${job}/0/${before.chunks}`,
      job,
      provider,
      before,
      at: Date.now(),
      tokens: CHUNK_TOKENS,
      cover,
    };
  }
  return {
    start: [
      { type: 'channel', id: `${channel}/open`, channel, payer: provider, signer: provider, ...chain },
      voucher(),
      { type: 'reserve', id: `${job}/reserve`, channel, job, terms: TERMS, maxTokens: 2 ** 20, cover: 64 },
    ],
    next() {
      voucherIsNext = !voucherIsNext;
      return voucherIsNext ? chunk() : voucher();
    },
  };
}
