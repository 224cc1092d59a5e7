import type { ErrorBody } from '../core/errors.ts';
import { CloseCode } from '../protocol/wire/frame-socket.ts';

/** How a connection ended, and whether another one is worth trying. */
export interface SessionEnd {
  readonly code: string;
  readonly message: string;
  readonly retry: boolean;
  /** How long it had been welcome; 0 if it never was. */
  readonly servedMs: number;
}

/** The relay computes another amount for the same work: nobody should go on working on that (rule M4). */
const EARNINGS_DIFFER: Omit<SessionEnd, 'servedMs'> = {
  code: 'earnings_differ',
  message: 'The relay counts another amount for this tab’s work than this tab does.',
  retry: false,
};

/** What a close by the other end means. The relay's last `error` names the cause where there was one. */
export function endOfClose(
  code: number,
  reason: string,
  last: ErrorBody | undefined,
): Omit<SessionEnd, 'servedMs'> {
  switch (code) {
    case CloseCode.versionUnsupported:
      return {
        code: 'version_unsupported',
        message: last?.message ?? 'The relay speaks another version.',
        retry: false,
      };
    case CloseCode.unauthorised:
      return {
        code: last?.code ?? 'account_unproven',
        message: last?.message ?? 'The relay refused the account.',
        retry: false,
      };
    case CloseCode.replaced:
      return { code: 'replaced', message: 'Another tab lends with this account now.', retry: false };
    case CloseCode.lost:
      return {
        code: 'connection_lost',
        message: 'The relay had not heard from this tab in time.',
        retry: true,
      };
    case CloseCode.draining:
      return { code: 'relay_draining', message: 'The relay is restarting.', retry: true };
    case CloseCode.protocolError:
      if (last?.code === 'chunk_invalid' && last.data?.['fault'] === 'total') return EARNINGS_DIFFER;
      if (last?.code === 'receipt_invalid' && last.data?.['field'] === 'total') return EARNINGS_DIFFER;
      return { code: last?.code ?? 'protocol_error', message: last?.message ?? reason, retry: true };
    case CloseCode.frameTooLarge:
      return { code: last?.code ?? 'protocol_error', message: last?.message ?? reason, retry: true };
    default:
      return { code: 'connection_lost', message: 'The connection to the relay was lost.', retry: true };
  }
}
