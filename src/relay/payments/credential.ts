import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { challengeSchema } from './challenge.ts';
import { decodeHeader } from './header-json.ts';

const hexOf = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${2 * bytes}}$`), `expected ${bytes} bytes of hex`)
    .transform((text) => text.toLowerCase() as Hex);
const amount = z
  .string()
  .regex(/^\d{1,38}$/, 'expected a whole number of base units')
  .transform(BigInt);
const channelId = hexOf(32);
const signature = hexOf(65);
const address = hexOf(20);
const seconds = z.union([z.string().regex(/^\d{1,15}$/), z.int().min(0)]).transform(BigInt);

const authorizationSchema = z.object({
  from: address,
  to: address,
  value: amount,
  validAfter: seconds,
  validBefore: seconds,
  nonce: hexOf(32),
});
/** An EIP-3009 authorization, to be submitted by the escrow only. */
export type DepositAuthorization = z.output<typeof authorizationSchema>;

const voucherFields = { channelId, cumulativeAmount: amount, signature };
const voucherSchema = z.object({ action: z.literal('voucher'), ...voucherFields });
const closeSchema = z.object({ action: z.literal('close'), ...voucherFields });

const opening = {
  action: z.literal('open'),
  channelId,
  cumulativeAmount: amount,
  salt: hexOf(32),
  authorizedSigner: address.optional(),
};
const openByAuthorizationSchema = z.object({
  ...opening,
  type: z.literal('authorization'),
  authorization: authorizationSchema,
  signature,
  voucherSignature: signature,
});
const openByHashSchema = z.object({
  ...opening,
  type: z.literal('hash'),
  hash: hexOf(32),
  signature,
  /** Whom the credential's `source` names: `readCredential` sets it, whatever the payload says. */
  payer: address.optional(),
});

const toppingUp = { action: z.literal('topUp'), channelId, additionalDeposit: amount };
const topUpByAuthorizationSchema = z.object({
  ...toppingUp,
  type: z.literal('authorization'),
  salt: hexOf(32),
  authorization: authorizationSchema,
  signature,
});
const topUpByHashSchema = z.object({ ...toppingUp, type: z.literal('hash'), hash: hexOf(32) });

const credentialSchema = z.object({
  challenge: challengeSchema,
  source: z.string().max(256).optional(),
  payload: z.union([
    voucherSchema,
    closeSchema,
    z.discriminatedUnion('type', [openByAuthorizationSchema, openByHashSchema]),
    z.discriminatedUnion('type', [topUpByAuthorizationSchema, topUpByHashSchema]),
  ]),
});

/** What an agent shows to pay, as it stands in `Authorization: Payment`. */
export type Credential = z.output<typeof credentialSchema>;
export type Payload = Credential['payload'];
export type OpenPayload = Extract<Payload, { action: 'open' }>;
export type TopUpPayload = Extract<Payload, { action: 'topUp' }>;
export type ClosePayload = Extract<Payload, { action: 'close' }>;

/** A signed cumulative amount, in base units. */
export interface SignedVoucher {
  readonly channelId: Hex;
  readonly cumulativeAmount: bigint;
  readonly signature: Hex;
}

/**
 * Reads the header `Authorization`; undefined where it is not of the scheme `Payment`.
 * @throws CodedError `voucher_malformed`, with the field
 */
export function readCredential(authorization: string | undefined): Credential | undefined {
  const [, encoded] = /^Payment\s+(\S*)\s*$/i.exec(authorization ?? '') ?? [];
  if (encoded === undefined) return undefined;
  const parsed = credentialSchema.safeParse(decodeHeader(encoded));
  if (parsed.success) return withPayer(parsed.data);
  const [issue] = parsed.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new CodedError(
    'voucher_malformed',
    `The payment credential can't be read: ${field || 'its encoding'}.`,
    {
      field,
    },
  );
}

function withPayer(credential: Credential): Credential {
  const { payload, source } = credential;
  if (payload.action !== 'open' || payload.type !== 'hash') return credential;
  return { ...credential, payload: { ...payload, payer: accountOf(source) } };
}

/** The account of a `did:pkh:eip155:CHAIN:0x…`. */
function accountOf(source: string | undefined): Hex | undefined {
  const [, account] = /^did:pkh:eip155:\d+:(0x[0-9a-fA-F]{40})$/.exec(source ?? '') ?? [];
  return account?.toLowerCase() as Hex | undefined;
}

/** The voucher that comes with a payload; a top-up has none. */
export function voucherOf(payload: Payload): SignedVoucher | undefined {
  if (payload.action === 'topUp') return undefined;
  const { channelId, cumulativeAmount } = payload;
  const isAuthorized = payload.action === 'open' && payload.type === 'authorization';
  return {
    channelId,
    cumulativeAmount,
    signature: isAuthorized ? payload.voucherSignature : payload.signature,
  };
}
