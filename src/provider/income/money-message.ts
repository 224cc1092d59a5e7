import type { RelayMessage } from '../../protocol/wire/messages.ts';

/** The relay's messages about money. */
export type MoneyMessage = Extract<RelayMessage, { type: 'voucher' | 'earnings' }>;
