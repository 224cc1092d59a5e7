import { encodeDeployData } from 'viem';
import type { Hex } from '../core/bytes.ts';
import type { HubParts } from '../protocol/money/payout.ts';
import { paymentChannelAbi } from './generated/payment-channel-abi.ts';
import { paymentChannelCode } from './generated/payment-channel-code.ts';
import { payoutHubAbi } from './generated/payout-hub-abi.ts';
import { payoutHubCode } from './generated/payout-hub-code.ts';
import { testDollarAbi } from './generated/test-dollar-abi.ts';
import { testDollarCode } from './generated/test-dollar-code.ts';

/** One contract to be made: what it is, and what is sent: its initcode with the constructor's parameters. */
export interface Creation {
  readonly name: 'TestDollar' | 'PaymentChannel' | 'PayoutHub';
  readonly data: Hex;
}

export function testDollarCreation(): Creation {
  return { name: 'TestDollar', data: encodeDeployData({ abi: testDollarAbi, bytecode: testDollarCode }) };
}

/** @param gracePeriod seconds */
export function escrowCreation(gracePeriod: number): Creation {
  const args = [BigInt(gracePeriod)] as const;
  const data = encodeDeployData({ abi: paymentChannelAbi, bytecode: paymentChannelCode, args });
  return { name: 'PaymentChannel', data };
}

export function hubCreation({ owner, signer, token }: HubParts): Creation {
  const args = [token, owner, signer] as const;
  return { name: 'PayoutHub', data: encodeDeployData({ abi: payoutHubAbi, bytecode: payoutHubCode, args }) };
}
