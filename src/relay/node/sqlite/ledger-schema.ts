/**
 * The ledger's tables. Amounts are pico as 64-bit integers, but for what stands in signed statements (base units).
 * Each row refuses by itself what breaks rule M8, whoever writes it.
 */
export const LEDGER_SCHEMA = `
  CREATE TABLE IF NOT EXISTS ledger (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    unit INTEGER NOT NULL CHECK (unit > 0),
    book TEXT NOT NULL,
    sequence INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE IF NOT EXISTS channels (
    channel TEXT PRIMARY KEY,
    payer TEXT NOT NULL,
    signer TEXT NOT NULL,
    deposit INTEGER NOT NULL CHECK (deposit <= 1000000000000000000),
    settled INTEGER NOT NULL CHECK (settled >= 0),
    accepted INTEGER NOT NULL,
    spent INTEGER NOT NULL CHECK (spent >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    credited INTEGER NOT NULL CHECK (credited >= 0),
    fees INTEGER NOT NULL CHECK (fees >= 0),
    carried INTEGER NOT NULL CHECK (carried >= 0),
    voucher_cumulative INTEGER,
    voucher_signature TEXT,
    body_hash TEXT,
    close_requested_at INTEGER NOT NULL,
    finalized INTEGER NOT NULL CHECK (finalized IN (0, 1)),
    closing_cumulative INTEGER,
    closing_signature TEXT,
    closing_nonce INTEGER,
    block INTEGER NOT NULL,
    CHECK (settled <= accepted AND accepted <= deposit),
    CHECK (carried + spent + reserved <= accepted + credited),
    CHECK (credited <= spent AND fees <= spent)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS jobs (
    job TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    out INTEGER NOT NULL CHECK (out >= 0),
    prompt INTEGER NOT NULL CHECK (prompt >= 0),
    prompt_tokens INTEGER NOT NULL,
    fee_bps INTEGER NOT NULL CHECK (fee_bps BETWEEN 0 AND 10000),
    max_tokens INTEGER NOT NULL,
    covered INTEGER NOT NULL,
    chunks INTEGER NOT NULL CHECK (chunks >= 0),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    CHECK (tokens <= covered AND covered <= max_tokens)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS providers (
    provider TEXT PRIMARY KEY,
    earned INTEGER NOT NULL CHECK (earned <= 1000000000000000000),
    vested INTEGER NOT NULL CHECK (vested >= 0),
    forfeited INTEGER NOT NULL CHECK (forfeited >= 0),
    carried INTEGER NOT NULL CHECK (carried >= 0),
    paid INTEGER NOT NULL CHECK (paid >= 0),
    batch_number INTEGER NOT NULL,
    batch_amount INTEGER NOT NULL CHECK (batch_amount >= 0),
    batch_chunks INTEGER NOT NULL CHECK (batch_chunks >= 0),
    batch_opened_at INTEGER NOT NULL,
    payout_cumulative INTEGER,
    payout_signature TEXT,
    CHECK (vested + forfeited + batch_amount <= earned),
    CHECK (paid <= vested + carried)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS batches (
    provider TEXT NOT NULL,
    number INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    chunks INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    PRIMARY KEY (provider, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE IF NOT EXISTS results (
    sequence INTEGER PRIMARY KEY,
    entries TEXT NOT NULL
  ) STRICT;
`;

/** Columns that ledgers of earlier versions lack. */
export const LATER_COLUMNS = {
  channels: ['closing_cumulative INTEGER', 'closing_signature TEXT', 'closing_nonce INTEGER'],
} as const;
