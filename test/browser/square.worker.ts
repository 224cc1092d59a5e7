import { squareOnGpu } from './square-on-gpu.ts';

addEventListener('message', ({ data }: MessageEvent<number>) => {
  void squareOnGpu(data).then((answer) => postMessage(answer));
});
