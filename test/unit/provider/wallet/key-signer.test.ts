import { describe, expect, it } from 'vitest';
import type { Hex } from '../../../../src/core/bytes.ts';
import { addressOf, recoverAddress } from '../../../../src/protocol/money/signature.ts';
import { embedDigest } from '../../../../src/protocol/money/embed-statement.ts';
import type { EmbedReceipt } from '../../../../src/protocol/wire/embed.ts';
import { chunkDigest, helloDigest, receiptDigest } from '../../../../src/protocol/money/statements.ts';
import type { AttemptReceipt, ChunkStatement } from '../../../../src/protocol/wire/job.ts';
import { createKeySigner } from '../../../../src/provider/wallet/key-signer.ts';
import { connectSigner, serveSigner } from '../../../../src/provider/wallet/signer-port.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';

const key = new Uint8Array(32).fill(5);
const account = addressOf(key);
const signer = createKeySigner(key);
const hash = (byte: string): Hex => `0x${byte.repeat(32)}`;
const job: Hex = `0x${'0a'.repeat(16)}`;

const chunk: ChunkStatement = {
  job,
  lease: 1,
  index: 2,
  first: 64,
  count: 32,
  commitment: hash('33'),
  total: '99',
};
const receipt: AttemptReceipt = {
  job,
  lease: 1,
  provider: account,
  model: { manifest: hash('44'), variant: 'q4' },
  promptHash: hash('55'),
  promptTokens: 3,
  first: 0,
  count: 96,
  outputHash: hash('66'),
  finish: 'length',
  specHash: hash('77'),
  seed: '0x0123456789abcdef',
  choice: 2,
  nonce: hash('88'),
  commitment: hash('33'),
  engine: 'onnx/1',
  gpuClass: 'sim',
  total: '99',
  startedAt: 1,
  endedAt: 2,
};

const embedding: EmbedReceipt = {
  job: receipt.job,
  lease: receipt.lease,
  provider: account,
  model: receipt.model,
  nonce: receipt.nonce,
  engine: 'onnx/1',
  gpuClass: 'sim',
  total: '99',
  startedAt: 1,
  endedAt: 2,
  inputsHash: hash('55'),
  inputs: 2,
  tokens: 30,
  dimensions: 256,
  vectorsHash: hash('66'),
};

describe('the signer’s allow-list', () => {
  it('signs its four statements under its own account', async () => {
    const challenge = { relay: addressOf(new Uint8Array(32).fill(6)), nonce: hash('11') };
    expect(recoverAddress(helloDigest({ ...challenge, account }), await signer.hello(challenge))).toBe(
      account,
    );
    expect(recoverAddress(chunkDigest(chunk), await signer.chunk(chunk))).toBe(account);
    expect(recoverAddress(receiptDigest(receipt), await signer.receipt(receipt))).toBe(account);
    expect(recoverAddress(embedDigest(embedding), await signer.embedding(embedding))).toBe(account);
  });

  it.each<[string, () => Promise<Hex>]>([
    ['a raw digest', () => signer.chunk(hash('99') as never)],
    ['a statement with a field too many', () => signer.chunk({ ...chunk, to: account } as never)],
    ['a statement with a field too few', () => signer.chunk({ ...chunk, commitment: undefined } as never)],
    ['a chunk longer than a chunk', () => signer.chunk({ ...chunk, count: 33 })],
    [
      'typed data of another kind',
      () => signer.receipt({ channelId: hash('aa'), cumulativeAmount: '5' } as never),
    ],
    [
      'a greeting for another account',
      () => signer.hello({ relay: account, nonce: hash('11'), account } as never),
    ],
    [
      'another account’s vectors',
      () => signer.embedding({ ...embedding, provider: addressOf(new Uint8Array(32).fill(6)) }),
    ],
    [
      'another account’s receipt',
      () => signer.receipt({ ...receipt, provider: addressOf(new Uint8Array(32).fill(6)) }),
    ],
  ])('refuses %s', async (_, sign) => {
    await expect(sign()).rejects.toMatchObject({ code: 'statement_refused' });
  });
});

describe('the signer’s port', () => {
  it('signs across it, and errors keep their code and data', async () => {
    const { port1, port2 } = new MessageChannel();
    serveSigner(port1, signer);
    const remote = await connectSigner(port2, new SimClock());
    expect(remote.account).toBe(account);
    expect(await remote.chunk(chunk)).toBe(await signer.chunk(chunk));
    await expect(remote.chunk({ ...chunk, count: 0 })).rejects.toMatchObject({
      code: 'statement_refused',
      data: { kind: 'chunk' },
    });
    port1.close();
  });

  it('has no words but its five', async () => {
    const { port1, port2 } = new MessageChannel();
    serveSigner(port1, signer);
    const answers: unknown[] = [];
    const done = new Promise<void>((resolve) => {
      port2.onmessage = ({ data }) => {
        answers.push(data);
        if (answers.length === 3) resolve();
      };
    });
    for (const [id, call] of ['constructor', '__proto__', 'exportKey'].entries())
      port2.postMessage({ id, call, value: hash('99') });
    await done;
    for (const answer of answers) expect(answer).toMatchObject({ error: { code: 'statement_refused' } });
    port1.close();
  });

  it('says so when the signer is gone', async () => {
    const clock = new SimClock();
    const { port1, port2 } = new MessageChannel();
    const asked = connectSigner(port2, clock);
    const failure = asked.catch((error: unknown) => error);
    await clock.advance(5_001);
    expect(await failure).toMatchObject({ code: 'signer_gone' });
    port1.close();
  });
});
