import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { describeBytes, describeCount } from '../words/quantities.ts';
import { ModelPicker } from './model-picker.tsx';

/** The GPU that was found, and the model that it serves. */
export function Machine({ lending }: { lending: Lending }): JSX.Element {
  const gpu = lending.gpu.value;
  const { backend, slots } = lending.settings.value;
  const engine = lending.status.value?.engine;
  const stepMs = lending.status.value?.stepMs ?? 0;
  const model = lending.model.value;
  const name = !gpu
    ? 'Looking…'
    : backend === 'wasm'
      ? 'This computer’s CPU'
      : gpu.webgpu
        ? gpu.name
        : 'None found';
  const kind = backend === 'wasm' ? 'WebAssembly' : gpu?.software ? 'WebGPU in software' : 'WebGPU';
  return (
    <section class="card" aria-labelledby="machine-title">
      <h2 id="machine-title">Machine and model</h2>
      <dl class="facts">
        <div>
          <dt>GPU</dt>
          <dd>{name}</dd>
        </div>
        <div>
          <dt>Backend</dt>
          <dd>{kind}</dd>
        </div>
        <div>
          <dt>Streams at once</dt>
          <dd>{engine?.slots ?? slots}</dd>
        </div>
        <div>
          <dt>Decode step</dt>
          <dd>{stepMs > 0 ? `${stepMs < 10 ? stepMs.toFixed(1) : Math.round(stepMs)} ms` : '–'}</dd>
        </div>
      </dl>
      <ModelPicker lending={lending} />
      {model ? (
        <p class="card-note">
          {describeBytes(model.downloadBytes)} to download once, {describeBytes(model.memoryBytes)} of memory,{' '}
          {describeCount(model.context)} tokens of context.
        </p>
      ) : null}
    </section>
  );
}
