/** The agent's side of Afterglow, for any runtime with `fetch` and WebCrypto. */
export { type Client, type ClientOptions, createClient } from './client.ts';
export type { ChannelSnapshot } from './channel.ts';
export type { CheckedReceipt, ClientEvent } from './client-events.ts';
export { formatCoins, parseCoins } from './coin.ts';
export { askFaucet, type FaucetGift } from './faucet.ts';
export { leaveChannel, type Leaving, type LeavingOptions } from './leaving.ts';
export type { OpenCall } from './open-call.ts';
export type { ChannelClosed, ChannelStatus } from './payment-messages.ts';
export { fetchTerms, type PaymentTerms, type TrustedContracts } from './payment-terms.ts';
export { parseVouchers, type SavedVoucher, type VoucherEntry } from './payout-voucher.ts';
export { type ReadReceipt, readReceipt } from './receipt-file.ts';
export {
  type RedeemingOptions,
  redeemVoucher,
  type Redemption,
  type RedemptionOutcome,
} from './redeeming.ts';
export { refusalOf } from './relay-answer.ts';
export { createPrivateKey, keyWallet, type TypedData, type Wallet } from './wallet.ts';
