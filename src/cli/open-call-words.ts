import type { OpenCall } from '../sdk/index.ts';

/** A transaction for somebody else to send, in three lines. */
export function describeCall({ chainId, to, data }: OpenCall): string {
  return `  chain ${chainId}\n  to    ${to}\n  data  ${data}`;
}
