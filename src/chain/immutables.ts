import { concat, type Hex, toHex, utf8 } from '../core/bytes.ts';
import { hubDomain, hubIdOf, type HubParts } from '../protocol/money/payout.ts';
import { type Domain, domainSeparator, word } from '../protocol/money/typed-data.ts';
import { channelDomain, type ContractPlace } from '../protocol/money/voucher.ts';
import type { paymentChannelRuntime } from './generated/payment-channel-code.ts';
import type { payoutHubRuntime } from './generated/payout-hub-code.ts';

/** One thing that a constructor writes into the code: the word that it must be, and what it is to people. */
export interface Immutable {
  readonly word: Hex;
  readonly what: string;
  /** What of the plan it is, and how a word of it reads; missing for what follows from the rest. */
  readonly planned?: { readonly as: 'gracePeriod' | keyof HubParts; readonly read: (word: Hex) => string };
}

type Of<Runtime extends { readonly immutables: object }> = Readonly<
  Record<keyof Runtime['immutables'], Immutable>
>;

/** What the escrow's constructor must have written. */
export function escrowImmutables(
  place: ContractPlace,
  gracePeriod: number,
): Of<typeof paymentChannelRuntime> {
  return {
    CLOSE_GRACE_PERIOD: {
      word: toHex(word('uint64', gracePeriod)),
      what: 'the grace period',
      planned: { as: 'gracePeriod', read: (found) => `${BigInt(found)} s` },
    },
    ...domainImmutables(channelDomain(place), place, "the escrow's signature domain"),
  };
}

/** What the hub's constructor must have written. */
export function hubImmutables(place: ContractPlace, parts: HubParts): Of<typeof payoutHubRuntime> {
  const part = (as: keyof HubParts): Immutable => ({
    word: toHex(word('address', parts[as])),
    what: `the hub's ${as === 'token' ? 'coin' : as}`,
    planned: { as, read: addressIn },
  });
  return {
    token: part('token'),
    owner: part('owner'),
    signer: part('signer'),
    hubId: { word: hubIdOf(parts, place), what: "the hub's id" },
    ...domainImmutables(hubDomain(place), place, "the hub's signature domain"),
  };
}

/** What OpenZeppelin's EIP712 keeps: the domain, hashed, and the parts to hash it again from where the chain splits. */
function domainImmutables(domain: Domain, { chainId, contract }: ContractPlace, what: string) {
  const named = (value: Uint8Array): Immutable => ({ word: toHex(value), what });
  return {
    _cachedDomainSeparator: named(domainSeparator(domain)),
    _cachedChainId: named(word('uint256', chainId)),
    _cachedThis: named(word('address', contract)),
    _hashedName: named(word('string', domain.name)),
    _hashedVersion: named(word('string', domain.version)),
    _name: named(shortString(domain.name)),
    _version: named(shortString(domain.version)),
  };
}

/** A text of at most 31 bytes as OpenZeppelin's ShortStrings keeps it: its bytes, and in the last one their number. */
function shortString(text: string): Uint8Array {
  const bytes = utf8(text);
  return concat(bytes, new Uint8Array(31 - bytes.length), Uint8Array.of(bytes.length));
}

/** The address in a word, or the whole word where that is none. */
function addressIn(found: Hex): string {
  return /^0x0{24}/.test(found) ? `0x${found.slice(26)}` : found;
}
