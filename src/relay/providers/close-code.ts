import { CloseCode } from '../../protocol/wire/frame-socket.ts';

/** The WebSocket close code of an error that ends a connection. */
export function closeCodeOf(code: string): number {
  switch (code) {
    case 'version_unsupported':
      return CloseCode.versionUnsupported;
    case 'account_unproven':
      return CloseCode.unauthorised;
    case 'frame_too_large':
      return CloseCode.frameTooLarge;
    case 'silent':
    case 'provider_too_slow':
      return CloseCode.lost;
    case 'replaced':
      return CloseCode.replaced;
    case 'draining':
      return CloseCode.draining;
    default:
      return CloseCode.protocolError;
  }
}
