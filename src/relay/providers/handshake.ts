import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { PROTOCOL_VERSION } from '../../protocol/constants.ts';
import type { Recover } from '../../protocol/money/signature.ts';
import { helloDigest } from '../../protocol/money/statements.ts';
import { type Hello, parseProviderMessage, type ProviderMessage } from '../../protocol/wire/messages.ts';

/** What the relay said first (rule W2). */
export interface Challenge {
  readonly relay: Hex;
  readonly nonce: Hex;
}

/**
 * Reads the first frame of a provider: it must be `hello`, of our version, with a proof of its account that was made
 * for this connection (rule W2).
 * @throws CodedError `version_unsupported`, `hello_expected`, `account_unproven`, and those of `parseProviderMessage`
 */
export function readHello(frame: string, challenge: Challenge, recover: Recover): Hello {
  const hello = parseFirst(frame);
  if (hello.type !== 'hello')
    throw new CodedError('hello_expected', 'The first message must be hello.', { type: hello.type });
  if (hello.version !== PROTOCOL_VERSION) throw versionUnsupported(hello.version);
  if (!isProven(hello, challenge, recover)) {
    throw new CodedError('account_unproven', 'The proof was not made by this account for this connection.');
  }
  return hello;
}

/** A `hello` of another version may look different altogether: its version is looked at before its shape. */
function parseFirst(frame: string): ProviderMessage {
  try {
    return parseProviderMessage(frame);
  } catch (error) {
    if (!(error instanceof CodedError) || error.code !== 'message_invalid') throw error;
    const { type, version } = JSON.parse(frame) as { type?: unknown; version?: unknown };
    throw type === 'hello' && typeof version === 'number' && version !== PROTOCOL_VERSION
      ? versionUnsupported(version)
      : error;
  }
}

function versionUnsupported(version: number): CodedError {
  const versions = { relay: PROTOCOL_VERSION, provider: version };
  const message = `This relay speaks version ${PROTOCOL_VERSION} of the protocol, the provider version ${version}.`;
  return new CodedError('version_unsupported', message, versions);
}

function isProven({ account, proof }: Hello, { relay, nonce }: Challenge, recover: Recover): boolean {
  try {
    return recover(helloDigest({ relay, nonce, account }), proof) === account;
  } catch (error) {
    if (error instanceof CodedError) return false;
    throw error;
  }
}
