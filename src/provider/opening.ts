import { FRAME_CAP } from '../protocol/constants.ts';
import type { AttemptRef } from '../protocol/wire/job.ts';
import type { ProviderMessage } from '../protocol/wire/messages.ts';

/**
 * The answer to `open` (rule C4): one leaf per chunk in base64. Leaves that do not fit a frame count as not kept; at
 * 46 bytes a token that is an attempt of more than about 1,050 tokens.
 */
export function openingOf({ job, lease }: AttemptRef, leaves: readonly Uint8Array[]): ProviderMessage {
  const encoded = leaves.map((leaf) => btoa(String.fromCharCode(...leaf)));
  const bytes = encoded.reduce((sum, leaf) => sum + leaf.length + 3, 200);
  return { type: 'opening', job, lease, leaves: bytes > FRAME_CAP ? [] : encoded };
}
