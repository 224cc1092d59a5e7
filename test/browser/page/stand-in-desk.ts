import type { GpuMeasures, ModelFit } from '../../../src/provider/compute/model-fit.ts';
import type { OwnerLimits } from '../../../src/provider/duty/owner-limits.ts';
import { createKeySigner } from '../../../src/provider/wallet/key-signer.ts';
import type { LenderState, LenderStatus } from '../../../src/provider/compute/lender-status.ts';
import type { GpuReport, ModelChoice } from '../../../src/provider/compute/engine-source.ts';
import type { IncomeStatus } from '../../../src/provider/income/income-status.ts';
import type { Holding, PaymentRow, StoredVoucher } from '../../../src/provider/income/payout-store.ts';
import type { AttemptRow } from '../../../src/provider/history/attempt-history.ts';
import type { LendingDesk } from '../../../src/app/desk/lending-desk.ts';
import { CodedError } from '../../../src/core/errors.ts';
import type { Hex } from '../../../src/core/bytes.ts';
import { firstCommitment, nextCommitment } from '../../../src/protocol/wire/chunk.ts';
import type { SignedChunk } from '../../../src/protocol/wire/job.ts';

const signer = createKeySigner(new Uint8Array(32).fill(7));
const hash: Hex = `0x${'11'.repeat(32)}`;

/** Some cents on their way. */
export const INCOME: IncomeStatus = {
  terms: {
    chainId: 8453,
    hub: `0x${'b0'.repeat(20)}`,
    token: `0x${'70'.repeat(20)}`,
    owner: `0x${'0a'.repeat(20)}`,
    signer: `0x${'0a'.repeat(20)}`,
    unit: '1000000',
    feeBps: 500,
    minimum: '1000000',
    threshold: '1000000000000',
  },
  accrued: '128000000',
  vested: '40612000000',
  paid: '310000000000',
  forfeited: '0',
  batch: { chunks: 5, of: 64, closesAt: Date.now() + 60_000 },
  payout: { name: 'none' },
  voucher: { worth: '350612000000', keptAt: 1 },
  unsecured: '40740000000',
  limit: '250000000000',
  payments: 0,
};

export const REAL_GPU: GpuReport = {
  webgpu: true,
  name: 'NVIDIA GeForce RTX 3080',
  gpuClass: 'nvidia/ampere',
  software: false,
  details: {
    name: 'NVIDIA GeForce RTX 3080',
    gpuClass: 'nvidia/ampere',
    software: false,
    halfPrecision: true,
    subgroups: true,
    maxBufferBytes: 2 ** 32,
    maxBindingBytes: 2 ** 31,
    memory: { bytes: 2 ** 32, known: false },
  },
};

const MEASURES: GpuMeasures = {
  gflops: 2_310,
  gigabytesPerSecond: 642,
  dispatchMicros: 6,
  side: 2048,
  bytes: 2 ** 29,
  timestamps: true,
  ms: 640,
};

const speed = (one: number, four: number): ModelFit['speed'] => ({
  tokensPerSecond: { 1: one, 4: four },
  prefillPerSecond: 50 * four,
});

const FITS: readonly (Omit<ModelFit, 'speed'> & { speed?: NonNullable<ModelFit['speed']> })[] = [
  { id: 'shakespeare-1m-fp32', needBytes: 22e6, fits: 'yes', speed: speed(1_840, 7_300)! },
  { id: 'shakespeare-4m-q4', needBytes: 48e6, fits: 'yes', speed: speed(1_210, 4_800)! },
  { id: 'llama-3.2-1b-q4', needBytes: 6.2e9, fits: 'unsure', obstacle: 'memory', speed: speed(212, 760)! },
  { id: 'llama-3.2-3b-q4f16', needBytes: 9e9, fits: 'no', obstacle: 'half_precision' },
];
const model = (id: string, name: string, variant: string): ModelChoice => ({
  id,
  name,
  variant,
  description: '',
  parameters: 4_000_000,
  downloadBytes: 16_600_000,
  memoryBytes: 41_300_000,
  context: 1024,
});

/** A desk without workers: it notes what it is asked and shows what the test says. */
export class StandInDesk implements LendingDesk {
  readonly asked: string[] = [];
  gpu = REAL_GPU;
  rows: AttemptRow[] = [];
  paid: PaymentRow[] = [];
  #push: (status: LenderStatus) => void = () => {};
  #status: LenderStatus = {
    state: { name: 'idle' },
    account: signer.account,
    relay: { url: 'ws://relay/v1/provider', connected: false },
    streams: [],
    slots: 4,
    tokensPerSecond: 0,
    tokens: 0,
    jobs: 0,
    unfinished: 0,
    stepMs: 0,
    kept: 0,
    recoveries: 0,
  };

  show(state: LenderState, changes: Partial<LenderStatus> = {}): void {
    this.#status = { ...this.#status, state, ...changes };
    this.#push(this.#status);
  }

  /** Lending ended: the next worker knows of nothing. */
  stopped(): void {
    const { income: _, ...rest } = this.#status;
    this.#status = { ...rest, relay: { url: '', connected: false } };
    this.show({ name: 'idle' });
  }

  open = async (): Promise<Hex> => signer.account;
  probe = async (): Promise<GpuReport> => this.gpu;
  models = async (): Promise<ModelChoice[]> => [
    model('shakespeare-1m-fp32', 'Shakespeare 1M', 'fp32'),
    model('shakespeare-4m-q4', 'Shakespeare 4M', 'q4'),
  ];
  start: LendingDesk['start'] = async (order) =>
    void this.asked.push(`start ${order.model} ${order.backend}`);
  stop = async (): Promise<void> => void this.asked.push('stop');
  pause: LendingDesk['pause'] = async ({ code }) => void this.asked.push(`pause ${code}`);
  resume = async (code: string): Promise<void> => void this.asked.push(`resume ${code}`);
  snooze = async (ms: number): Promise<void> => void this.asked.push(`snooze ${ms / 60_000} min`);
  measures: GpuMeasures | CodedError = MEASURES;
  measureGpu = async (): Promise<GpuMeasures> => {
    this.asked.push('measure');
    if (this.measures instanceof CodedError) throw this.measures;
    return this.measures;
  };
  cancelMeasure = async (): Promise<void> => void this.asked.push('cancel');
  fits: LendingDesk['fits'] = async (_, measures) =>
    measures ? FITS : FITS.map(({ speed: __, ...fit }) => fit);
  unload = async (): Promise<void> => void this.asked.push('unload');
  forgetDuty = async (): Promise<void> => void this.asked.push('forget duty');
  limits: OwnerLimits[] = [];
  limit = async (limits: OwnerLimits): Promise<void> => void this.limits.push(limits);
  kill = async (): Promise<void> => void this.asked.push('kill');
  requestPayout = async (): Promise<void> => void this.asked.push('payout');
  trust = async (limit: string): Promise<void> => void this.asked.push(`trust ${limit}`);
  held: Holding[] = [];
  holdings = async (): Promise<Holding[]> => this.held;
  signed: StoredVoucher[] | CodedError = [];
  vouchers = async (): Promise<StoredVoucher[]> => {
    if (this.signed instanceof CodedError) throw this.signed;
    return this.signed;
  };
  payments = async (): Promise<PaymentRow[]> => this.paid;
  watch(push: (status: LenderStatus) => void): void {
    this.#push = push;
    push(this.#status);
  }
  attempts = async (limit: number): Promise<AttemptRow[]> => this.rows.slice(0, limit);
  totals: LendingDesk['totals'] = async () => ({ jobs: 12, tokens: 3_456, today: { jobs: 3, tokens: 789 } });
  exportKey = async (): Promise<Hex> => `0x${'07'.repeat(32)}`;
  importKey: LendingDesk['importKey'] = async (key) => {
    if (key.length !== 66)
      throw new CodedError('key_malformed', 'A private key must be 64 hexadecimal digits.');
    return signer.account;
  };
}

/** A kept attempt with real signatures. */
export async function signedAttempt(job: Hex, count: number): Promise<AttemptRow> {
  const ref = { job, lease: 0 };
  const chunks: SignedChunk[] = [];
  let commitment = firstCommitment(ref);
  for (let first = 0; first < count; first += 32) {
    commitment = nextCommitment(commitment, new Uint8Array(46));
    const statement = {
      ...ref,
      index: chunks.length,
      first,
      count: Math.min(32, count - first),
      commitment,
      total: '0',
    };
    chunks.push({ ...statement, signature: await signer.chunk(statement) });
  }
  return {
    ...ref,
    key: `${job}/0`,
    account: signer.account,
    relay: `0x${'ab'.repeat(20)}`,
    modelId: 'shakespeare-1m-fp32',
    promptTokens: 9,
    first: 0,
    count,
    chunks,
    receipt: null,
    ended: 'paused',
    startedAt: 1_800_000_000_000,
    endedAt: 1_800_000_004_000,
  };
}

/** Chunks that say something else than what was signed. */
export function forged(attempt: AttemptRow): AttemptRow {
  const [first, ...rest] = attempt.chunks as [SignedChunk, ...SignedChunk[]];
  return { ...attempt, key: `${attempt.key}-forged`, chunks: [{ ...first, commitment: hash }, ...rest] };
}
