import { createGpuLoad } from '../../bench/duty/gpu-load.ts';

/** A frame of the game: some tens of milliseconds on the software adapter. */
const SIDE = 256;

const load = createGpuLoad(SIDE);

addEventListener('message', ({ data }: MessageEvent<'start' | 'stop'>) => {
  void load.then(async (game) => {
    if (data === 'start') game.start();
    else await game.stop();
    postMessage('done');
  });
});
