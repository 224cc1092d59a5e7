import { proxy, type Remote, transfer, wrap } from 'comlink';
import type { Hex } from '../../core/bytes.ts';
import { CodedError, type ErrorBody } from '../../core/errors.ts';
import type { ComputeApi } from '../../provider/compute/compute-api.ts';
import type { SelfTestOrder, SelfTestResult } from '../../provider/compute/self-test.ts';
import type { LenderStatus } from '../../provider/compute/lender-status.ts';
import type { SignerApi } from '../../provider/wallet/signer-api.ts';
import type { LendingDesk } from './lending-desk.ts';
import { receiveErrorsAsData } from './thrown-errors.ts';

/** A worker that has not stopped within this time hangs, and is ended. */
const STOP_MS = 4_000;

/** The product's desk: beside lending, the loaded engine can be timed alone (`npm run bench -- path`). */
export interface WorkerDesk extends LendingDesk {
  selfTest(order: SelfTestOrder): Promise<SelfTestResult>;
}

interface ComputeWorker {
  readonly worker: Worker;
  readonly api: Remote<ComputeApi>;
}

/**
 * The desk over the two workers. The compute worker is replaced after each stop: a WebAssembly heap never shrinks, and
 * a worker's end frees the GPU whatever state it was in.
 */
export function createWorkerDesk(profile: string): WorkerDesk {
  receiveErrorsAsData();
  const signerWorker = new Worker(new URL('../../../workers/signer.worker.ts', import.meta.url), {
    type: 'module',
    name: 'signer',
  });
  const signer = wrap<SignerApi>(signerWorker);
  let told: (status: LenderStatus) => void = () => {};
  let failed: (error: ErrorBody) => void = () => {};
  let compute: Promise<ComputeWorker> | undefined;

  signerWorker.onerror = () => failed({ code: 'signer_gone', message: 'The wallet’s worker stopped.' });

  async function openCompute(): Promise<ComputeWorker> {
    const worker = new Worker(new URL('../../../workers/compute.worker.ts', import.meta.url), {
      type: 'module',
      name: 'compute',
    });
    worker.onerror = () => {
      failed({ code: 'worker_failed', message: 'The worker that computes stopped.' });
      void recycle();
    };
    const api = wrap<ComputeApi>(worker);
    const { port1, port2 } = new MessageChannel();
    await signer.connect(transfer(port1, [port1]));
    await api.open(profile, transfer(port2, [port2]));
    await api.watch(proxy((status: LenderStatus) => told(status)));
    return { worker, api };
  }

  async function api(): Promise<Remote<ComputeApi>> {
    compute ??= openCompute();
    try {
      return (await compute).api;
    } catch (error) {
      compute = undefined; // The next call tries anew.
      throw error;
    }
  }

  /** Ends the compute worker, by its own `stop` where it answers in time; calls of now wait for the next one. */
  async function recycle(): Promise<void> {
    const old = compute;
    if (!old) return;
    compute = end(old).then(openCompute);
    await compute;
  }

  async function end(ending: Promise<ComputeWorker>): Promise<void> {
    // A worker that never opened has told so to whoever called it, and has nothing to stop.
    const opened = await ending.catch(() => undefined);
    if (!opened) return;
    const { worker, api: old } = opened;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
    try {
      await Promise.race([old.stop(), late]);
    } finally {
      clearTimeout(timer);
      worker.terminate();
    }
  }

  async function kill(): Promise<void> {
    const old = compute;
    if (!old) return;
    compute = old.then(({ worker }) => {
      worker.terminate();
      return openCompute();
    });
    await compute;
  }

  return {
    async open() {
      if (!isSecureContext) {
        throw new CodedError('insecure_context', 'Browsers give a GPU and a wallet to secure pages only.');
      }
      return signer.open(profile);
    },
    probe: async () => (await api()).probe(),
    models: async () => (await api()).models(),
    async start(order) {
      // Keeps the wallet and the model when the disk runs full. A refusal is no reason not to lend.
      await navigator.storage?.persist();
      await (await api()).start(order);
    },
    stop: recycle,
    selfTest: async (order) => (await api()).selfTest(order),
    pause: async (reason) => (await api()).pause(reason),
    resume: async (code) => (await api()).resume(code),
    snooze: async (ms) => (await api()).snooze(ms),
    measureGpu: async () => (await api()).measureGpu(),
    cancelMeasure: async () => (await api()).cancelMeasure(),
    fits: async (wish, measures) => (await api()).fits(wish, measures),
    unload: async () => (await api()).unload(),
    limit: async (limits) => (await api()).limit(limits),
    forgetDuty: async () => (await api()).forgetDuty(),
    kill,
    requestPayout: async () => (await api()).requestPayout(),
    trust: async (limit) => (await api()).trust(limit),
    payments: async (limit) => (await api()).payments(limit),
    holdings: async () => (await api()).holdings(),
    vouchers: async () => (await api()).vouchers(),
    watch(status, onFailure) {
      told = status;
      failed = onFailure;
    },
    attempts: async (limit, before) => (await api()).attempts(limit, before),
    totals: async () => (await api()).totals(),
    exportKey: () => signer.exportKey(),
    async importKey(privateKey) {
      const account = await signer.importKey(privateKey.trim() as Hex);
      await recycle();
      return account;
    },
  };
}
