import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../../src/core/errors.ts';
import {
  downloadFile,
  type DownloadPorts,
  type FileStep,
  type WantedFile,
} from '../../../../src/engine/models/file-download.ts';
import { createMemoryStore } from '../../../../src/engine/models/memory-store.ts';
import type { ModelStore } from '../../../../src/engine/models/model-store.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';
import { fileOf, type Mood, type StandInServer, standInServers } from './hostile-server.ts';

const content = Uint8Array.from({ length: 1_000 }, (_, i) => (i * 7919) >> 3);
const A = 'https://a/m/model.onnx';
const B = 'https://b/model.onnx';

interface Run {
  readonly server: StandInServer;
  readonly store: ModelStore;
  readonly clock: SimClock;
  readonly steps: FileStep[];
  /** One visit; ends by itself or at `reload` steps. */
  visit(options?: { reload?: number; wanted?: WantedFile }): Promise<'kept' | CodedError>;
}

function prepare(moods: Record<string, readonly Mood[]>, urls = [A], store = createMemoryStore()): Run {
  const server = standInServers(content, moods);
  const clock = new SimClock();
  const steps: FileStep[] = [];
  return {
    server,
    store,
    clock,
    steps,
    async visit({ reload = Number.POSITIVE_INFINITY, wanted = fileOf(content, urls) } = {}) {
      const stop = new AbortController();
      let seen = 0;
      const running = downloadFile(wanted, portsOf(server, store, clock), stop.signal, (step) => {
        steps.push(step);
        if (++seen >= reload) stop.abort(new CodedError('aborted', 'The page was reloaded.'));
      }).then(
        () => 'kept' as const,
        (error: unknown) => error as CodedError,
      );
      let result: 'kept' | CodedError | undefined;
      void running.then((value) => (result = value));
      for (let i = 0; i < 5_000 && result === undefined; i++) await clock.advance(1_000);
      return running;
    },
  };
}

function portsOf(server: StandInServer, store: ModelStore, clock: SimClock): DownloadPorts {
  return {
    clock,
    store,
    fetch: server.fetch,
    random: { bytes: (length) => new Uint8Array(length).fill(128) },
    exclude: (_, __, run) => run(),
    onNetwork: () => () => {},
  };
}

async function stored(store: ModelStore): Promise<Uint8Array | undefined> {
  const blob = await store.open(fileOf(content, [A]).sha256);
  return blob && new Uint8Array(await blob.arrayBuffer());
}

const share = fc.double({ min: 0, max: 0.99, noNaN: true });
const passing: fc.Arbitrary<Mood> = fc.oneof(
  share.map((at): Mood => ({ name: 'cut', at })),
  share.map((at): Mood => ({ name: 'no_ranges', at })),
  share.map((at): Mood => ({ name: 'stall', at })),
  fc.constantFrom<Mood>(
    { name: 'refused' },
    { name: 'no_ranges' },
    { name: 'other_tag' },
    { name: 'status', status: 503 },
    { name: 'status', status: 429, seconds: 90 },
  ),
);
const spoiling: fc.Arbitrary<Mood> = fc.oneof(
  share.map((at): Mood => ({ name: 'wrong_bytes', at })),
  share.map((at): Mood => ({ name: 'wrong_cut', at })),
  share.map((at): Mood => ({ name: 'short', at })),
  fc.constantFrom<Mood>({ name: 'long' }, { name: 'status', status: 404 }, { name: 'status', status: 403 }),
);

describe('downloadFile', () => {
  it('survives whatever passes, over reloads, and then has exactly the file', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(passing, { maxLength: 8 }),
        fc.array(passing, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
        async (a, b, reloads) => {
          const run = prepare({ a, b }, [A, B]);
          for (const reload of reloads) await run.visit({ reload });
          expect(await run.visit()).toBe('kept');
          expect(await stored(run.store)).toEqual(content);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never keeps wrong bytes, and where it gives up it says why and names the file', async () => {
    const codes = new Set<string>();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(passing, spoiling), { maxLength: 12 }),
        fc.array(fc.oneof(passing, spoiling), { maxLength: 12 }),
        fc.boolean(),
        async (a, b, two) => {
          const run = prepare({ a, b }, two ? [A, B] : [A]);
          const result = await run.visit();
          const bytes = await stored(run.store);
          if (result === 'kept') {
            expect(bytes).toEqual(content);
            return;
          }
          expect(bytes).toBeUndefined();
          expect(result).toMatchObject({ data: { file: 'onnx/model.onnx' } });
          codes.add(result.code);
        },
      ),
      { numRuns: 300 },
    );
    expect([...codes].sort()).toEqual(['download_failed', 'model_corrupt', 'model_file_missing']);
  });

  it('fetches no byte twice where the server keeps to ranges', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(share, { maxLength: 8 }),
        fc.array(fc.integer({ min: 2, max: 5 }), { maxLength: 4 }),
        async (cuts, reloads) => {
          const run = prepare({ a: cuts.map((at) => ({ name: 'cut', at })) });
          for (const reload of reloads) await run.visit({ reload });
          expect(await run.visit()).toBe('kept');
          // A reload drops what is on its way: at most the piece that the stream had ready.
          expect(run.server.sent).toBeLessThanOrEqual(content.length + reloads.length * 402);
          if (reloads.length === 0) expect(run.server.sent).toBe(content.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it.each<[string, Mood, object]>([
    ['one byte is wrong', { name: 'wrong_bytes', at: 0.5 }, { expected: fileOf(content, [A]).sha256 }],
    ['it is cut short', { name: 'short', at: 0.9 }, { bytes: 900, expectedBytes: 1000 }],
    ['it is empty', { name: 'short', at: 0 }, { bytes: 0, expectedBytes: 1000 }],
  ])('fetches once more what is not the file, and then names it: %s', async (_, mood, data) => {
    const once = prepare({ a: [mood] });
    expect(await once.visit()).toBe('kept');
    expect(await stored(once.store)).toEqual(content);
    const always = prepare({ a: Array<Mood>(20).fill(mood) });
    expect(await always.visit()).toMatchObject({
      code: 'model_corrupt',
      data: { file: 'onnx/model.onnx', ...data },
    });
    expect(always.server.requests).toEqual(['a all', 'a all']);
    expect(await stored(always.store)).toBeUndefined();
  });

  it('leaves a mirror that has nothing or gives wrong bytes, and does not blame the good one', async () => {
    for (const mood of [
      { name: 'status', status: 404 },
      { name: 'wrong_bytes', at: 0 },
      { name: 'refused' },
    ] as const) {
      const run = prepare({ a: Array<Mood>(20).fill(mood) }, [A, B]);
      expect(await run.visit()).toBe('kept');
      expect(run.server.requests).toEqual(['a all', 'b all']);
    }
    // A sends a wrong half and breaks off, each time; B completes it: that it came out wrong is not B's fault.
    const run = prepare({ a: Array<Mood>(20).fill({ name: 'wrong_cut', at: 0.5 }) }, [A, B]);
    expect(await run.visit()).toBe('kept');
    expect(run.server.requests.slice(0, 2)).toEqual(['a all', 'b bytes=500-']);
    expect(run.server.requests.at(-1)).toBe('b all');
    expect(await stored(run.store)).toEqual(content);
  });

  it('starts afresh when the server’s file has changed, and trusts no tags that change each time', async () => {
    const changed = prepare({ a: [{ name: 'cut', at: 0.5 }, { name: 'other_tag' }] });
    expect(await changed.visit()).toBe('kept');
    expect(changed.server.requests).toEqual(['a all', 'a bytes=500-', 'a all']);
    const restless = prepare({
      a: [{ name: 'cut', at: 0.5 }, { name: 'other_tag' }, { name: 'cut', at: 0.5 }, { name: 'other_tag' }],
    });
    expect(await restless.visit()).toBe('kept');
    expect(restless.server.requests.at(-1)).toBe('a bytes=500-');
  });

  it('waits as long as it is told to, and longer after each failure', async () => {
    const run = prepare({
      a: [{ name: 'status', status: 429, seconds: 120 }, { name: 'refused' }, { name: 'refused' }],
    });
    expect(await run.visit()).toBe('kept');
    const waits = run.steps.flatMap((step) => (step.name === 'retrying' ? [step] : []));
    expect(waits[0]).toMatchObject({ fault: { code: 'download_failed', data: { status: 429 } } });
    const start = new SimClock().now();
    expect(waits.map(({ at }) => (at - start) / 1000)).toEqual([
      120,
      expect.closeTo(121.5, 1),
      expect.closeTo(124.5, 1),
    ]);
  });

  it('asks again at once when the network is another one', async () => {
    const { server, store, clock, steps } = prepare({
      a: [...Array<Mood>(5).fill({ name: 'refused' }), { name: 'status', status: 503, seconds: 500 }],
    });
    let changed = (): void => {};
    const ports = portsOf(server, store, clock);
    const running = downloadFile(
      fileOf(content, [A]),
      { ...ports, onNetwork: (listener) => ((changed = listener), () => {}) },
      new AbortController().signal,
      (step) => steps.push(step),
    );
    await clock.advance(60_000);
    expect(server.requests).toHaveLength(6);
    changed();
    await clock.advance(1);
    await running;
    expect(server.requests).toHaveLength(7);
  });

  it('gives a silent server up, and goes on elsewhere', async () => {
    const run = prepare({ a: [{ name: 'stall', at: 0.3 }] }, [A, B]);
    expect(await run.visit()).toBe('kept');
    expect(run.server.requests).toEqual(['a all', 'b bytes=300-']);
    expect(run.clock.now() - new SimClock().now()).toBeLessThan(35_000);
  });

  it('keeps what came when the disk is full, and says so', async () => {
    const run = prepare({}, [A], createMemoryStore(450));
    expect(await run.visit()).toMatchObject({ code: 'storage_full' });
    expect(await run.store.list()).toMatchObject([{ bytes: 402, finished: false }]);
  });

  it('does not trust what an earlier visit left', async () => {
    const run = prepare({});
    const { sha256 } = fileOf(content, [A]);
    for (const size of [400, 1_000, 1_700]) {
      const partial = await run.store.openPartial(sha256);
      await partial.append(new Uint8Array(size));
      await partial.close();
      expect(await run.visit()).toBe('kept');
      expect(await stored(run.store)).toEqual(content);
      await run.store.remove(sha256);
    }
  });
});
