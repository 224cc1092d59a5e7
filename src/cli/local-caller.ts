import type { IncomingMessage } from 'node:http';

/**
 * Whether a request was meant for this machine by a program of this machine: not by a web page of somebody else in a
 * browser here (its origin tells), nor under a host name that was pointed here (its host tells). A page could
 * otherwise spend this machine's money.
 */
export function isLocalCaller({ headers }: IncomingMessage): boolean {
  const { host, origin } = headers;
  if (host !== undefined && !isLoopback(`http://${host}`)) return false;
  return origin === undefined || isLoopback(origin);
}

function isLoopback(url: string): boolean {
  const hostname = URL.parse(url)?.hostname ?? '';
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
