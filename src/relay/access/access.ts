import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import type { ApiRequest } from '../openai/api-request.ts';
import { FREE_PAYMENT, type Payment } from './payment.ts';

/** Under what terms a request may run. */
export interface Admission {
  /** Whom fairness counts the job for. Never logged: it may hold a key. */
  readonly agent: string;
  /** It shows nothing that is its own: others may come with the same name. */
  readonly anonymous?: boolean;
  /** The one provider that may serve it: somebody's own GPU. */
  readonly only?: Hex;
  readonly payment: Payment;
}

/** @throws CodedError `payment_required` */
export type Access = (request: ApiRequest) => Admission;

export interface FreeAccessOptions {
  /** Requests that come from this machine and were meant for it are free. */
  readonly localhost: boolean;
  /** Bearer keys of people who use their own GPU, and the account of that GPU. */
  readonly ownKeys: ReadonlyMap<string, Hex>;
}

/** The free mode: this machine and one's own GPU, each by explicit configuration. */
export function createFreeAccess({ localhost, ownKeys }: FreeAccessOptions): Access {
  return (request) => {
    const key = bearerOf(request);
    const own = key === undefined ? undefined : ownKeys.get(key);
    if (own !== undefined) return { agent: `own:${own}`, only: own, payment: FREE_PAYMENT };
    if (localhost && isLocal(request)) {
      if (key !== undefined) return { agent: `key:${key}`, payment: FREE_PAYMENT };
      return { agent: `ip:${request.ip}`, anonymous: true, payment: FREE_PAYMENT };
    }
    throw new CodedError(
      'payment_required',
      'This relay serves nobody for free but its owner, and takes no payments: its operator can name a chain and contracts ' +
        '(--rpc-url, --chain-id, --token, --escrow, --hub), allow requests from its own machine (--free localhost), or name ' +
        'a key for a GPU of their own (--own-key KEY=0xaccount).',
    );
  };
}

/**
 * A request of this machine itself. Not one that a proxy on this machine passes on for a stranger, and not one that
 * a stranger's web page makes in a browser here: by its origin, or by a host name that was pointed at this machine.
 */
function isLocal(request: ApiRequest): boolean {
  if (!isLoopbackAddress(request.ip)) return false;
  if (['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'].some((name) => request.header(name) !== undefined))
    return false;
  const host = request.header('host');
  const origin = request.header('origin');
  if (host !== undefined && !isLoopbackName(`http://${host}`)) return false;
  return origin === undefined || isLoopbackName(origin);
}

function isLoopbackAddress(ip: string): boolean {
  return ip === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(ip);
}

function isLoopbackName(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function bearerOf(request: ApiRequest): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(request.header('authorization') ?? '')?.[1];
}
