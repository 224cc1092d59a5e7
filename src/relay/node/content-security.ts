/** Where the page may connect beside its own relay. */
export interface PageSources {
  /** Origins of model hosts, for example `https://models.example`. */
  readonly connect: readonly string[];
}

/**
 * The page's content security policy: only our own scripts, WebAssembly but no `eval`, workers of our own, and
 * connections to nobody but this relay and the hosts that the operator names.
 */
export function contentSecurityPolicy({ connect }: PageSources): string {
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "worker-src 'self'",
    // The page may lend to another relay than the one that served it.
    ["connect-src 'self' ws: wss: http://localhost:* http://127.0.0.1:*", ...connect].join(' '),
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    "media-src 'self' data: blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
