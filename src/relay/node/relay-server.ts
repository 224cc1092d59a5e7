import { createServer, type Server } from 'node:http';
import { stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { cryptoRandom } from '../../core/random.ts';
import { DEFAULT_TIMING, type Timing } from '../../protocol/constants.ts';
import { createFreeAccess } from '../access/access.ts';
import { DEFAULT_LIMITS, type Limits } from '../limits.ts';
import type { RelayModel } from '../catalogue.ts';
import type { Log } from '../log.ts';
import { createMemoryReceiptStore } from '../receipts/memory-receipt-store.ts';
import type { PayoutEvent } from '../payouts/payouts.ts';
import type { ReceiptStore } from '../receipts/receipt-store.ts';
import { createRelay, type Relay } from '../relay.ts';
import {
  ownKeysOf,
  readConfiguration,
  type ReadyConfiguration,
  type RelayConfiguration,
} from './configuration.ts';
import { toApiReply, toApiRequest, urlOf } from './http-exchange.ts';
import { createPinoLog } from './log.ts';
import { createModelMounts, originsOf } from './model-mounts.ts';
import { type NamedModel, readModelFolder, readNamedModel } from './model-folder.ts';
import { loadRecovery } from './native-signature.ts';
import { listenForProviders } from './provider-sockets.ts';
import { loadRelayKey } from './relay-key.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';
import { NO_MONEY } from './sqlite/ledger-book.ts';
import { createStaticFiles } from './static-files.ts';
import { createSystemClock } from './system-clock.ts';
import { readVersion } from './version.ts';

/** How long a closing relay waits for the jobs that run. */
const GRACE_MS = 5_000;
/** And then for what its jobs earned to be signed for and paid. */
const PAYOUT_GRACE_MS = 5_000;
/** Paths of the relay beside those below `/v1/`; all others are the page's. */
const API_PATHS = new Set(['/healthz', '/metrics']);
/** Longer than clients keep a connection for their next request: they close it, never we under their hands. */
const KEEP_ALIVE_MS = 75_000;
/** And then for clients to read the ends of their answers. */
const CUT_MS = 500;

/** What tests and the demo hand in instead of what the configuration would make. */
export interface RelayServerParts {
  readonly log?: Log;
  readonly store?: ReceiptStore;
  readonly limits?: Partial<Limits>;
  /** What becomes of money on its way out, for the demo. */
  readonly onPayout?: (event: PayoutEvent) => void;
}

export interface RelayServer {
  readonly relay: Relay;
  /** `http://127.0.0.1:8787`, with the port that was taken. */
  readonly url: string;
  readonly port: number;
  /** The relay's own account. */
  readonly address: Hex;
  readonly nativeSignatures: boolean;
  /** Model ids that this relay can speak for. */
  readonly models: readonly string[];
  /** Stops taking jobs, waits `graceMs` for those that run, closes everything. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Starts a relay: HTTP, provider sockets, page, store.
 * @throws CodedError `configuration_invalid`, `page_missing`, `models_unreadable`, `store_failed`, `port_busy`, `listen_failed`
 */
export async function startRelayServer(
  given: RelayConfiguration,
  parts: RelayServerParts = {},
): Promise<RelayServer> {
  const configuration = readConfiguration(given);
  if (configuration.page !== undefined) await checkPage(configuration.page);
  const log = parts.log ?? createPinoLog(configuration.log);
  const named = await Promise.all(configuration.model.map(readNamedModel));
  const models = [...(await readModelFolder(configuration.models)), ...named.flatMap((one) => one.models)];
  checkIds(models);
  const { data } = configuration;
  const key = await loadRelayKey(data);
  const clock = createSystemClock();
  const { recover, native } = await loadRecovery();
  if (!native) {
    log.warn(
      { nativeSignatures: false },
      'NO NATIVE SIGNATURES: secp256k1 has no binary for this machine, signatures cost thirty times as much.',
    );
  }
  const { chain } = configuration;
  const emit = parts.onPayout ?? (() => {});
  // A relay at which nobody pays does without the chain's library.
  const openMoney = async () => (await import('./money/money.ts')).openMoney;
  const money =
    chain && (await (await openMoney())({ configuration: chain, data, key, models, clock, log, emit }));
  const store = money?.ledger.receipts ?? parts.store ?? (await openStore(data));
  const relay = createRelay({
    address: key.address,
    models,
    access: createFreeAccess({
      localhost: configuration.free === 'localhost',
      ownKeys: ownKeysOf(configuration),
    }),
    store,
    recover,
    clock,
    random: cryptoRandom,
    timing: timingOf(configuration),
    limits: limitsOf(configuration, parts.limits),
    log,
    version: readVersion(),
    nativeSignatures: native,
    ...(money ? { payments: money.payments, payouts: money.payouts } : {}),
  });
  if (money) relay.onPayment((event) => money.payouts.hear(event));
  await relay.start();
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS });
  serve(server, relay, configuration, named, { ...DEFAULT_LIMITS, ...parts.limits });
  listenForProviders(server, (socket) => relay.accept(socket));
  const stop = async (graceMs: number): Promise<void> => {
    await relay.close(graceMs);
    await money?.payouts.close(PAYOUT_GRACE_MS);
    if (server.listening) await closeServer(server);
    await store.close();
    clock.stop();
  };
  const port = await listen(server, configuration).catch(async (error: unknown) => {
    await stop(0);
    throw error;
  });
  return {
    relay,
    port,
    url: `http://${configuration.host.includes(':') ? `[${configuration.host}]` : configuration.host}:${port}`,
    address: key.address,
    nativeSignatures: native,
    models: models.map(({ id }) => id),
    close: (graceMs = GRACE_MS) => stop(graceMs),
  };
}

function closeServer(server: Server): Promise<unknown> {
  return new Promise((resolve) => {
    server.close(resolve);
    server.closeIdleConnections();
    // Whatever has not read its answer by now is cut.
    setTimeout(() => server.closeAllConnections(), CUT_MS).unref();
  });
}

function serve(
  server: Server,
  relay: Relay,
  { host, page, modelHosts }: ReadyConfiguration,
  named: readonly NamedModel[],
  { bodyBytes }: Limits,
): void {
  const sources = { connect: [...modelHosts, ...originsOf(named)], local: isLoopback(host) };
  const files = page === undefined ? undefined : createStaticFiles(page, sources);
  const models = createModelMounts(named, sources);
  server.on('request', (request, response) => {
    const url = urlOf(request);
    const isApi = url.pathname.startsWith('/v1/') || API_PATHS.has(url.pathname);
    const answer = async (): Promise<void> => {
      if (await models(request, response, url.pathname)) return;
      if (!isApi && files && (await files(request, response, url.pathname))) return;
      await relay.answer(toApiRequest(request, url, bodyBytes), toApiReply(response));
    };
    // `answer` tells all its errors to the client itself; what is left is a response that can't be written.
    answer().catch(() => response.destroy());
  });
}

/** @throws CodedError `page_missing` */
async function checkPage(folder: string): Promise<void> {
  const page = await stat(join(folder, 'index.html')).catch(() => undefined);
  if (page?.isFile()) return;
  throw new CodedError('page_missing', `There is no index.html in ${folder}: npm run build makes it.`, {
    folder,
  });
}

/** @throws CodedError `configuration_invalid` */
function checkIds(models: readonly RelayModel[]): void {
  const ids = new Set<string>();
  for (const { id } of models) {
    if (ids.has(id)) {
      throw new CodedError('configuration_invalid', `Two models are called ${id}.`, { name: 'model', id });
    }
    ids.add(id);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

async function openStore(data: string | undefined): Promise<ReceiptStore> {
  if (data === undefined) return createMemoryReceiptStore();
  return (await openSqliteLedger(join(data, 'ledger.db'), NO_MONEY)).receipts;
}

function listen(server: Server, { host, port }: ReadyConfiguration): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const busy = error.code === 'EADDRINUSE';
      const message = busy
        ? `Port ${port} on ${host} is in use: stop what listens there, or choose another with --port.`
        : `The relay can't listen on ${host}:${port}: ${error.message}.`;
      reject(new CodedError(busy ? 'port_busy' : 'listen_failed', message, { host, port }, error));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function timingOf({ heartbeatMs, leaseMs, lostMs, flushMs }: ReadyConfiguration): Timing {
  return {
    ...DEFAULT_TIMING,
    ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(lostMs === undefined ? {} : { lostMs }),
    ...(flushMs === undefined ? {} : { flushMs }),
  };
}

function limitsOf({ queueMs }: ReadyConfiguration, given: Partial<Limits> | undefined): Limits {
  return { ...DEFAULT_LIMITS, ...(queueMs === undefined ? {} : { queueMs }), ...given };
}
