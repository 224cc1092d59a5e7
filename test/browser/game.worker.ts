import { createGpuLoad } from '../../bench/duty/gpu-load.ts';

/** A heavy one: beside it a step takes ten times as long, however busy this machine is with other tests. */
const SIDE = 384;

const load = createGpuLoad(SIDE);

addEventListener('message', ({ data }: MessageEvent<'start' | 'stop'>) => {
  void load.then(async (game) => {
    await (data === 'start' ? game.start() : game.stop());
    postMessage('done');
  });
});
