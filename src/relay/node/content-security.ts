/** Where the page may connect beside its own relay. */
export interface PageSources {
  /** Origins of model hosts, for example `https://models.example`. */
  readonly connect: readonly string[];
  /** A relay on this machine only: its page may then reach other relays on this machine, as in development. */
  readonly local: boolean;
}

const LOCAL = ['localhost', '127.0.0.1'].flatMap((name) => [`http://${name}:*`, `ws://${name}:*`]);

/**
 * The page's content security policy: only our own scripts, WebAssembly but no `eval`, workers of our own, and
 * connections to nobody but this relay and the hosts that the operator names.
 * @param host the request's `host` header
 */
export function contentSecurityPolicy({ connect, local }: PageSources, host: string | undefined): string {
  // Not every browser counts a WebSocket of the same host as 'self'.
  const sockets = host !== undefined && /^[\w.:[\]-]+$/.test(host) ? [`ws://${host}`, `wss://${host}`] : [];
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    ["connect-src 'self'", ...sockets, ...(local ? LOCAL : []), ...connect].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "manifest-src 'self'",
    "media-src 'self' data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
