import { beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '../../../src/core/errors.ts';
import type { StreamRequest } from '../../../src/engine/engine.ts';
import { DecodeLoop } from '../../../src/engine/onnx/decode-loop.ts';
import { Stream } from '../../../src/engine/onnx/stream.ts';
import { collect, request } from '../../contract/engine-suite.ts';
import { ScriptedDecoder } from './scripted-decoder.ts';

let decoder: ScriptedDecoder;
let loop: DecodeLoop;
let now: number;

function start(slots = 2, piece = 3): void {
  now = 0;
  decoder = new ScriptedDecoder();
  loop = new DecodeLoop({ decoder, clock: { now: () => now }, slots, piece, scoreRows: 4 });
}

function open(change: Partial<StreamRequest>, context = 64): Stream {
  const stream = new Stream(request(change), { context, vocab: 2048, changed: () => loop.wake() });
  loop.add(stream);
  return stream;
}

beforeEach(() => start());

describe('DecodeLoop', () => {
  it('prefills all but the last token, and draws after that one', async () => {
    const { ids } = await collect(open({ tokens: [1, 2, 3, 4, 5], maxTokens: 2 }));
    expect(ids).toEqual([105, 106]);
    expect(decoder.log).toEqual(['prefill 0: 1 2 3', 'prefill 0: 4', '5@4', '105@5']);
  });

  it('gives the others a step after each piece of a long prompt', async () => {
    const running = open({ tokens: [9], maxTokens: 4 });
    const late = open({ tokens: [1, 2, 3, 4, 5, 6, 7, 8], maxTokens: 1 });
    await Promise.all([collect(running), collect(late)]);
    expect(decoder.log).toEqual([
      'prefill 1: 1 2 3',
      '9@0',
      'prefill 1: 4 5 6',
      '101@1',
      'prefill 1: 7',
      '102@2, 8@7',
      '103@3',
    ]);
  });

  it('feeds a slot that does not decode its own first token, which changes nothing', async () => {
    const late = open({ tokens: [1, 2, 3, 4, 5, 6, 7, 8], maxTokens: 1 });
    const running = open({ tokens: [9], maxTokens: 3 });
    await Promise.all([collect(running), collect(late)]);
    expect(decoder.log.filter((line) => line.includes('@'))).toEqual([
      '1@0 idle, 9@0',
      '1@0 idle, 101@1',
      '8@7, 102@2',
    ]);
  });

  it('feeds a stream without credit its first token', async () => {
    const paused = open({ tokens: [1], maxTokens: 3, credit: 1 });
    const reading = collect(paused);
    await collect(open({ tokens: [2], maxTokens: 3 }));
    expect(decoder.log).toEqual(['1@0, 2@0', '1@0 idle, 101@1', '1@0 idle, 102@2']);
    paused.grant(3);
    expect((await reading).ids).toEqual([101, 102, 103]);
  });

  it('takes the lowest free slot, and moves the highest stream down where one is free', async () => {
    start(3);
    const readings = [
      collect(open({ tokens: [1], maxTokens: 1 })),
      collect(open({ tokens: [2], maxTokens: 4 })),
    ];
    decoder.during = () => {
      if (decoder.log.length === 2) readings.push(collect(open({ tokens: [3], maxTokens: 1 })));
    };
    await readings[1];
    await Promise.all(readings);
    expect(decoder.log).toEqual(['1@0, 2@0', 'copy 1 to 0: 1', '101@1', '102@2, 3@0', '103@3']);
  });

  it('serves those that wait in the order in which they came', async () => {
    start(1);
    const ended: number[] = [];
    const streams = [1, 2, 3].map((token) =>
      collect(open({ tokens: [token], maxTokens: 2 })).then(() => ended.push(token)),
    );
    await Promise.all(streams);
    expect(ended).toEqual([1, 2, 3]);
  });

  it('ends a stream whose logits are not finite, and no other', async () => {
    const sick = collect(open({ tokens: [1], maxTokens: 2 }));
    const well = collect(open({ tokens: [2], maxTokens: 2 }));
    decoder.broken.add(0);
    decoder.during = () => decoder.broken.clear();
    await expect(sick).rejects.toMatchObject({ code: 'output_not_finite', data: { position: 1 } });
    expect((await well).ids).toEqual([101, 102]);
  });

  it('drops what a step drew for a stream that was aborted meanwhile', async () => {
    const abort = new AbortController();
    const reading = collect(open({ tokens: [1], maxTokens: 9, signal: abort.signal }));
    decoder.during = () => abort.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(loop.timings().tokens).toBe(0);
    expect(decoder.log).toEqual(['1@0']);
  });

  it('does not decode a prompt that was aborted between its pieces', async () => {
    const abort = new AbortController();
    const reading = collect(open({ tokens: [1, 2, 3, 4, 5, 6], maxTokens: 9, signal: abort.signal }));
    decoder.during = () => abort.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
    expect(decoder.log).toEqual(['prefill 0: 1 2 3']);
    decoder.during = () => {};
    expect((await collect(open({ tokens: [7], maxTokens: 1 }))).ids).toEqual([101]);
    expect(decoder.log).toEqual(['prefill 0: 1 2 3', '7@0']);
  });

  it.each(['device_lost', 'out_of_memory'])('ends every stream with %s, running or waiting', async (code) => {
    start(1);
    const readings = [1, 2, 3].map((token) => collect(open({ tokens: [token], maxTokens: 2 })));
    decoder.during = () => {
      throw new CodedError(code, 'It is gone.');
    };
    for (const reading of readings) await expect(reading).rejects.toMatchObject({ code });
    expect(loop.failure).toMatchObject({ code });
    expect(loop.timings()).toMatchObject({ active: 0, waiting: 0 });
  });

  it('gives prompts that wait together a piece each in turn', async () => {
    const prompts = [1, 2].map((token) => Array.from({ length: 10 }, () => token));
    await Promise.all(prompts.map((tokens) => collect(open({ tokens, maxTokens: 2 }))));
    const pieces = decoder.log.filter((line) => line.startsWith('prefill'));
    expect(pieces.map((line) => line.at(8))).toEqual(['0', '1', '0', '1', '0', '1']);
  });

  it('reports the worst step of the last half minute, and the mean of the last steps', async () => {
    const durations = [40, 4, 6, 2];
    decoder.during = () => (now += durations.shift() ?? 0);
    await collect(open({ tokens: [1], maxTokens: 4 }));
    expect(loop.timings()).toMatchObject({ worstStepMs: 40, stepMs: 13, tokens: 4 });
    now += 20_000;
    expect(loop.timings().worstStepMs).toBe(40);
    now += 20_000;
    expect(loop.timings().worstStepMs).toBe(0);
  });

  it('D4 tells its pace of each step, and rests as long as that says', async () => {
    const told: unknown[][] = [];
    let wake = (): void => {};
    loop.pace = {
      afterStep(...step) {
        told.push(step);
        return step[0] === 'decode' ? new Promise((resolve) => (wake = resolve)) : undefined;
      },
    };
    decoder.during = () => (now += 5);
    const reading = collect(open({ tokens: [1, 2, 3, 4], maxTokens: 2 }));
    await expect.poll(() => told.length).toBe(2);
    now += 95;
    expect(decoder.log).toHaveLength(2);
    wake();
    await expect.poll(() => told.length).toBe(3);
    wake();
    expect((await reading).ids).toEqual([104, 105]);
    expect(told).toEqual([
      ['prefill', 3, 3, 5],
      ['decode', 1, 4, 5],
      ['decode', 1, 5, 5],
    ]);
    await loop.stop(new CodedError('engine_closed', 'Over.'));
    // What a stream waited is what the relay has to know of; what the loop rested is no work.
    expect(loop.timings()).toMatchObject({ worstStepMs: 100, stepMs: 5 });
    expect(loop.busyMs).toBe(15);
  });

  it('does not wait for a rest when it is stopped', async () => {
    loop.pace = { afterStep: () => new Promise(() => {}) };
    const reading = collect(open({ tokens: [1], maxTokens: 2 }));
    await expect.poll(() => decoder.log.length).toBe(1);
    void reading.catch(() => {});
    await loop.stop(new CodedError('engine_closed', 'Over.'));
    await expect(reading).rejects.toMatchObject({ code: 'engine_closed' });
    expect(decoder.log).toHaveLength(1);
  });
});
