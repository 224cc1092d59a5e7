/** The agent's side of Afterglow, for any runtime with `fetch` and WebCrypto. */
export { type Client, type ClientOptions, createClient } from './client.ts';
export type { ChannelSnapshot } from './channel.ts';
export type { CheckedReceipt, ClientEvent } from './client-events.ts';
export type { PaymentTerms, TrustedContracts } from './payment-terms.ts';
export { createPrivateKey, keyWallet, type TypedData, type Wallet } from './wallet.ts';
