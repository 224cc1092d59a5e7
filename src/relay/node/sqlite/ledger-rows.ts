import type { Hex } from '../../../core/bytes.ts';
import type { BatchRow, ChannelRow, Closing, JobRow, ProviderRow, SignedAmount } from '../../ledger/state.ts';
import type { RowShape, SqlRow } from './row-table.ts';

/** How the ledger's rows lie in its tables; the order of `columns` is that of `write`. */

export const channelShape: RowShape<ChannelRow> = {
  table: 'channels',
  key: ['channel'],
  columns: [
    'channel',
    'payer',
    'signer',
    'deposit',
    'settled',
    'accepted',
    'spent',
    'reserved',
    'credited',
    'fees',
    'carried',
    'voucher_cumulative',
    'voucher_signature',
    'body_hash',
    'close_requested_at',
    'finalized',
    'closing_cumulative',
    'closing_signature',
    'closing_nonce',
    'block',
  ],
  growing: ['deposit', 'settled', 'accepted', 'spent', 'credited', 'fees', 'carried', 'finalized', 'block'],
  write: (row) => [
    row.channel,
    row.payer,
    row.signer,
    row.deposit,
    row.settled,
    row.accepted,
    row.spent,
    row.reserved,
    row.credited,
    row.fees,
    row.carried,
    row.voucher?.cumulative ?? null,
    row.voucher?.signature ?? null,
    row.bodyHash,
    row.closeRequestedAt,
    row.finalized ? 1 : 0,
    row.closing?.cumulative ?? null,
    row.closing?.signature ?? null,
    row.closing?.nonce ?? null,
    row.block,
  ],
  read: (row) => ({
    channel: hexOf(row, 'channel'),
    payer: hexOf(row, 'payer'),
    signer: hexOf(row, 'signer'),
    deposit: amountOf(row, 'deposit'),
    settled: amountOf(row, 'settled'),
    accepted: amountOf(row, 'accepted'),
    spent: amountOf(row, 'spent'),
    reserved: amountOf(row, 'reserved'),
    credited: amountOf(row, 'credited'),
    fees: amountOf(row, 'fees'),
    carried: amountOf(row, 'carried'),
    voucher: signedOf(row, 'voucher'),
    bodyHash: row['body_hash'] as Hex | null,
    closeRequestedAt: numberOf(row, 'close_requested_at'),
    finalized: numberOf(row, 'finalized') === 1,
    closing: closingOf(row),
    block: numberOf(row, 'block'),
  }),
};

export const jobShape: RowShape<JobRow> = {
  table: 'jobs',
  key: ['job'],
  columns: [
    'job',
    'channel',
    'out',
    'prompt',
    'prompt_tokens',
    'fee_bps',
    'max_tokens',
    'covered',
    'chunks',
    'tokens',
  ],
  growing: ['covered', 'chunks', 'tokens'],
  write: ({ job, channel, terms, maxTokens, covered, chunks, tokens }) => [
    job,
    channel,
    terms.out,
    terms.prompt,
    terms.promptTokens,
    terms.feeBps,
    maxTokens,
    covered,
    chunks,
    tokens,
  ],
  read: (row) => ({
    job: hexOf(row, 'job'),
    channel: hexOf(row, 'channel'),
    terms: {
      out: amountOf(row, 'out'),
      prompt: amountOf(row, 'prompt'),
      promptTokens: numberOf(row, 'prompt_tokens'),
      feeBps: numberOf(row, 'fee_bps'),
    },
    maxTokens: numberOf(row, 'max_tokens'),
    covered: numberOf(row, 'covered'),
    chunks: numberOf(row, 'chunks'),
    tokens: numberOf(row, 'tokens'),
  }),
};

export const providerShape: RowShape<ProviderRow> = {
  table: 'providers',
  key: ['provider'],
  columns: [
    'provider',
    'earned',
    'vested',
    'forfeited',
    'carried',
    'paid',
    'batch_number',
    'batch_amount',
    'batch_chunks',
    'batch_opened_at',
    'payout_cumulative',
    'payout_signature',
  ],
  growing: ['earned', 'vested', 'forfeited', 'carried', 'paid', 'batch_number'],
  write: ({ batch, payout, ...row }) => [
    row.provider,
    row.earned,
    row.vested,
    row.forfeited,
    row.carried,
    row.paid,
    batch.number,
    batch.amount,
    batch.chunks,
    batch.openedAt,
    payout?.cumulative ?? null,
    payout?.signature ?? null,
  ],
  read: (row) => ({
    provider: hexOf(row, 'provider'),
    earned: amountOf(row, 'earned'),
    vested: amountOf(row, 'vested'),
    forfeited: amountOf(row, 'forfeited'),
    carried: amountOf(row, 'carried'),
    paid: amountOf(row, 'paid'),
    batch: {
      number: numberOf(row, 'batch_number'),
      amount: amountOf(row, 'batch_amount'),
      chunks: numberOf(row, 'batch_chunks'),
      openedAt: numberOf(row, 'batch_opened_at'),
    },
    payout: signedOf(row, 'payout'),
  }),
};

export const batchShape: RowShape<BatchRow> = {
  table: 'batches',
  key: ['provider', 'number'],
  columns: ['provider', 'number', 'amount', 'chunks', 'opened_at', 'closed_at'],
  growing: ['closed_at'],
  write: (row) => [row.provider, row.number, row.amount, row.chunks, row.openedAt, row.closedAt],
  read: (row) => ({
    provider: hexOf(row, 'provider'),
    number: numberOf(row, 'number'),
    amount: amountOf(row, 'amount'),
    chunks: numberOf(row, 'chunks'),
    openedAt: numberOf(row, 'opened_at'),
    closedAt: numberOf(row, 'closed_at'),
  }),
};

function hexOf(row: SqlRow, column: string): Hex {
  return row[column] as Hex;
}

function amountOf(row: SqlRow, column: string): bigint {
  return row[column] as bigint;
}

function numberOf(row: SqlRow, column: string): number {
  return Number(row[column]);
}

function closingOf(row: SqlRow): Closing | null {
  const signed = signedOf(row, 'closing');
  const nonce = row['closing_nonce'];
  return signed && { ...signed, nonce: typeof nonce === 'bigint' ? Number(nonce) : null };
}

/** Two columns that are both null or neither. */
function signedOf(row: SqlRow, name: string): SignedAmount | null {
  const cumulative = row[`${name}_cumulative`];
  return typeof cumulative === 'bigint' ? { cumulative, signature: hexOf(row, `${name}_signature`) } : null;
}
