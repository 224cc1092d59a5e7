import { plainSpec } from '../../../../src/protocol/wire/decode-spec.ts';
import type { Hex } from '../../../../src/core/bytes.ts';
import { fullCost, jobTotal, type JobTerms } from '../../../../src/protocol/money/price.ts';
import { type JobReceipt, jobReceiptSchema } from '../../../../src/protocol/money/receipt.ts';
import { addressOf } from '../../../../src/protocol/money/signature.ts';
import { idsHash } from '../../../../src/protocol/money/statements.ts';
import type { SignedChunk, SignedReceipt } from '../../../../src/protocol/wire/job.ts';
import { TestAttempt } from '../../relay/support/test-attempt.ts';

/** A job of the scripted relay, with a provider's real signatures under what it delivers. */
export class PaidJob {
  readonly id: Hex;
  readonly terms: JobTerms;
  readonly prompt: readonly number[];
  readonly maxTokens: number;
  readonly attempt: TestAttempt;
  readonly chunks: SignedChunk[] = [];
  covered: number;
  signedReceipt: SignedReceipt | null = null;
  isLive = true;
  ended = 'finished';
  readonly #key: Uint8Array;

  constructor(id: Hex, prompt: readonly number[], terms: JobTerms, maxTokens: number, key: Uint8Array) {
    this.id = id;
    this.prompt = prompt;
    this.terms = terms;
    this.maxTokens = maxTokens;
    this.covered = 0;
    this.#key = key;
    this.attempt = new TestAttempt(
      {
        job: id,
        lease: 0,
        model: { manifest: `0x${'b7'.repeat(32)}`, variant: 'fp32' },
        prompt: [...prompt],
        prior: [],
        spec: plainSpec(1),
        seed: '0x0102030405060708',
        choice: 0,
        nonce: `0x${'11'.repeat(32)}`,
        maxTokens,
        credit: 0,
        stop: [],
        price: { out: String(terms.out), prompt: String(terms.prompt) },
        feeBps: terms.feeBps,
        before: { chunks: 0, tokens: 0 },
      },
      addressOf(key),
      key,
      (message) => {
        if (message.type === 'chunk') this.chunks.push(message);
        if (message.type === 'result') this.signedReceipt = message.receipt;
      },
    );
  }

  get tokens(): number {
    return this.attempt.ids.length;
  }

  /** Pico that are held for it. */
  get reserved(): bigint {
    return this.isLive ? fullCost(this.terms, this.covered) : 0n;
  }

  get total(): bigint {
    const finished = this.signedReceipt !== null;
    return jobTotal(this.terms, { chunks: this.chunks.length, tokens: this.tokens, finished });
  }

  receipt(relay: Hex): JobReceipt {
    const ids = this.attempt.ids;
    const signed = this.chunks.reduce((sum, { count }) => sum + count, 0);
    const { choice, model, nonce, seed, spec } = this.attempt.assignment;
    return jobReceiptSchema.parse({
      job: this.id,
      relay,
      modelId: 'bytes',
      model,
      promptHash: idsHash(this.prompt),
      promptTokens: this.prompt.length,
      outputHash: idsHash(ids),
      outputTokens: ids.length,
      finish: this.signedReceipt?.finish ?? null,
      spec,
      seed,
      choice,
      nonce,
      attempts: [
        {
          lease: 0,
          provider: addressOf(this.#key),
          first: 0,
          count: ids.length,
          unsigned: ids.length - signed,
          chunks: this.chunks,
          receipt: this.signedReceipt,
          ended: this.ended,
        },
      ],
      startedAt: 1,
      endedAt: 2,
    });
  }
}
