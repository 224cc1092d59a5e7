import type { Hex } from '../core/bytes.ts';
import type { Clock } from '../core/clock.ts';
import { CodedError } from '../core/errors.ts';
import type { Random } from '../core/random.ts';
import { DEFAULT_TIMING, type Timing } from '../protocol/constants.ts';
import type { Recover } from '../protocol/money/signature.ts';
import { CloseCode, type FrameSocket } from '../protocol/wire/frame-socket.ts';
import type { Access } from './access/access.ts';
import { createCatalogue, type RelayModel } from './catalogue.ts';
import { createJobs } from './jobs/jobs.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { logEvent, logPayment } from './event-log.ts';
import { type Log, SILENT_LOG } from './log.ts';
import { createFigures, type NetworkFigures } from './network-figures.ts';
import { type Api, createApi } from './openai/api.ts';
import { createRoutes } from './openai/routes.ts';
import type { PaymentEvent, PaymentListener } from './payments/payment-events.ts';
import { createPayments, type PaymentSetup } from './payments/payments.ts';
import type { PayoutDesk } from './payouts/payout-desk.ts';
import { Connection } from './providers/connection.ts';
import { createOpenings } from './providers/openings.ts';
import { Registry } from './providers/registry.ts';
import { createJobOwners } from './receipts/job-owners.ts';
import type { ReceiptStore } from './receipts/receipt-store.ts';
import { createRelayEvents, type RelayEvents } from './relay-events.ts';

export interface RelayOptions {
  /** The relay's own account: it stands in challenges and receipts. */
  readonly address: Hex;
  readonly models: readonly RelayModel[];
  readonly access: Access;
  readonly store: ReceiptStore;
  readonly recover: Recover;
  readonly clock: Clock;
  readonly random: Random;
  readonly timing?: Partial<Timing>;
  readonly limits?: Partial<Limits>;
  readonly log?: Log;
  /** Shown by `GET /healthz`. */
  readonly version?: string;
  readonly nativeSignatures?: boolean;
  /** How providers are paid; without it they are told that this relay is free of charge. */
  readonly payouts?: PayoutDesk;
  /** How agents pay; absent where nobody can. Its ledger keeps the receipts: `store` is `ledger.receipts` then. */
  readonly payments?: PaymentSetup;
}

/** A relay without its server: sockets and requests are handed in. */
export interface Relay {
  /** Takes over a provider's socket that has just opened. */
  accept(socket: FrameSocket): void;
  /** Answers an HTTP request. */
  readonly answer: Api;
  readonly on: RelayEvents['on'];
  /** What happens to money; `accrued` is durable when it is told. @returns a function that ends the listening */
  onPayment(listener: PaymentListener): () => void;
  /** Frees what jobs of an earlier process held, and looks at the chain. Without payments it does nothing. */
  start(): Promise<void>;
  figures(): NetworkFigures;
  /**
   * Takes no new jobs, tells the providers so, waits up to `graceMs` for the jobs that run, fails the rest with
   * `draining`, and closes every connection. The store stays open: it is its maker's.
   */
  close(graceMs: number): Promise<void>;
}

export function createRelay(options: RelayOptions): Relay {
  const {
    access,
    address,
    clock,
    random,
    recover,
    store,
    log = SILENT_LOG,
    version = '0',
    nativeSignatures = false,
  } = options;
  const timing = { ...DEFAULT_TIMING, ...options.timing };
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const startedAt = clock.now();
  const events = createRelayEvents();
  const { emit } = events;
  const registry = new Registry();
  const catalogue = createCatalogue(options.models);
  const openings = createOpenings(clock, limits.openingMs);
  const jobs = createJobs({ address, clock, random, limits, log, recover, registry, store, emit });
  const figures = createFigures({ version, startedAt, registry, catalogue, jobs });
  events.on((event) => figures.count(event));
  events.on((event) => logEvent(log, event));
  const connections = new Set<Connection>();
  let draining = false;
  const checkOpen = (): void => {
    if (draining) throw new CodedError('draining', 'This relay is shutting down: try again in a moment.');
  };
  const paymentListeners = new Set<PaymentListener>();
  const emitPayment = (event: PaymentEvent): void => {
    logPayment(log, event);
    for (const listener of paymentListeners) listener(event);
  };
  const payments =
    options.payments &&
    createPayments({ ...options.payments, clock, random, recover, jobs, emit: emitPayment });

  const isIdle = (): boolean => jobs.live.size + jobs.embeddings.live.size === 0;

  /** Resolves when no job runs any more, or after `ms`. */
  async function quiet(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const undo = clock.after(ms, resolve);
    const off = events.on(() => isIdle() && resolve());
    await promise;
    undo();
    off();
  }

  const owners = createJobOwners();
  const health = { version, startedAt, nativeSignatures };
  const routes = createRoutes({
    access,
    checkOpen,
    payments,
    catalogue,
    clock,
    figures,
    health,
    jobs,
    limits,
    openings,
    owners,
    random,
    registry,
    store,
  });
  return {
    accept(socket) {
      // Whoever comes back while money is being settled would keep the server from ending.
      if (draining) {
        socket.listen({ frame: () => {}, closed: () => {} });
        return socket.close(CloseCode.draining, 'draining');
      }
      const parts = {
        address,
        clock,
        random,
        timing,
        limits,
        log,
        recover,
        catalogue,
        registry,
        jobs,
        openings,
        emit,
        payouts: options.payouts,
      };
      const connection = new Connection(socket, { ...parts, ended: () => connections.delete(connection) });
      connections.add(connection);
    },
    answer: createApi({ clock, log, routes }),
    on: (listener) => events.on(listener),
    onPayment(listener) {
      paymentListeners.add(listener);
      return () => paymentListeners.delete(listener);
    },
    start: async () => payments?.start(),
    figures: () => figures.read(),
    async close(graceMs) {
      const reason = 'The relay is shutting down.';
      draining = true;
      for (const provider of registry.providers) provider.send({ type: 'drain', reason });
      if (!isIdle()) await quiet(graceMs);
      payments?.stop();
      await jobs.close(new CodedError('draining', reason));
      for (const connection of connections) connection.fail(new CodedError('draining', reason));
    },
  };
}
