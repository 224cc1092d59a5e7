import { z } from 'zod';
import type { Hex } from '../../core/bytes.ts';
import { CodedError } from '../../core/errors.ts';
import { addressOf, signDigest } from '../../protocol/money/signature.ts';
import { embedDigest } from '../../protocol/money/embed-statement.ts';
import { chunkDigest, helloDigest, receiptDigest } from '../../protocol/money/statements.ts';
import { embedReceiptSchema } from '../../protocol/wire/embed.ts';
import { address, hash } from '../../protocol/wire/fields.ts';
import { attemptReceiptSchema, chunkStatementSchema } from '../../protocol/wire/job.ts';
import type { Signer } from '../signer.ts';

/** The allow-list: the statements that the key may sign, each by the schema of its values. */
const statementSchemas = {
  hello: z.strictObject({ relay: address, nonce: hash }),
  chunk: chunkStatementSchema.strict(),
  receipt: attemptReceiptSchema.strict(),
  embedding: embedReceiptSchema.strict(),
} as const;

function admit<K extends keyof typeof statementSchemas>(
  kind: K,
  value: unknown,
): z.infer<(typeof statementSchemas)[K]> {
  const result = statementSchemas[kind].safeParse(value);
  if (result.success) return result.data as z.infer<(typeof statementSchemas)[K]>;
  const path = result.error.issues[0]?.path.join('.') ?? '';
  throw new CodedError('statement_refused', `The key does not sign this ${kind}.`, { kind, path });
}

/**
 * A signer over a key in memory: for the signer worker, tests and the simulation. Digests are built here from checked
 * values, under this project's own domain, so that no caller can have a payment of another contract signed.
 */
export function createKeySigner(privateKey: Uint8Array): Signer {
  const account = addressOf(privateKey);
  const sign = (digest: Hex): Hex => signDigest(digest, privateKey);
  const requireOwn = (kind: string, provider: Hex): void => {
    if (provider === account) return;
    throw new CodedError('statement_refused', 'The key signs its own receipts only.', { kind });
  };
  return {
    account,
    async hello(challenge) {
      const { relay, nonce } = admit('hello', challenge);
      return sign(helloDigest({ relay, nonce, account }));
    },
    async chunk(statement) {
      return sign(chunkDigest(admit('chunk', statement)));
    },
    async receipt(receipt) {
      const admitted = admit('receipt', receipt);
      requireOwn('receipt', admitted.provider);
      return sign(receiptDigest(admitted));
    },
    async embedding(receipt) {
      const admitted = admit('embedding', receipt);
      requireOwn('embedding', admitted.provider);
      return sign(embedDigest(admitted));
    },
  };
}
