import type { JSX } from 'preact';
import { describeExactFit, describeFit, describeVariant, machineOf } from '../words/fit-words.ts';
import { describeSpeed } from '../words/gpu-words.ts';
import { describeBytes, describeDay } from '../words/quantities.ts';
import { ModelActions } from './model-actions.tsx';
import { ModelTransfer } from './model-transfer.tsx';
import type { ModelVariantProps } from './model-props.ts';

/** A row: what it is, what it takes, whether it fits, and what can be done with it. */
export function ModelVariant(props: ModelVariantProps): JSX.Element {
  const { model, variant, lending } = props;
  const { downloadBytes, memoryBytes, state, frees } = variant;
  const machine = machineOf(lending.settings.value, lending.gpu.value);
  const exact =
    machine.backend === 'webgpu' ? lending.bench.fits.value.find(({ id }) => id === variant.id) : undefined;
  const fit = exact ? describeExactFit(exact) : describeFit(variant, machine);
  const speed = exact && describeSpeed(exact);
  const needs = [
    state === 'kept'
      ? `${describeBytes(variant.bytes)} on disk`
      : downloadBytes === undefined
        ? 'size unknown'
        : `${describeBytes(downloadBytes)} to download`,
    ...(memoryBytes === undefined ? [] : [`${describeBytes(memoryBytes)} of GPU memory`]),
    ...(speed ? [speed] : []),
    ...(state === 'kept' && variant.usedAt > 0 ? [`last used ${describeDay(variant.usedAt)}`] : []),
  ];
  return (
    <li class="variant" data-state={state} aria-label={`${model.name}, ${variant.variant}`}>
      <div class="variant-row">
        <div class="variant-words">
          <p class="variant-name">
            <span class="mono">{variant.variant}</span>
            <span class="variant-meaning">{describeVariant(variant.variant)}</span>
            {state === 'kept' ? (
              <span class="tag" data-tone="good">
                On this computer
              </span>
            ) : null}
            {fit ? (
              <span class="tag" data-tone={fit.tone}>
                {fit.text}
              </span>
            ) : null}
          </p>
          <p class="variant-needs">{needs.join(' · ')}</p>
        </div>
        <ModelActions {...props} frees={frees} />
      </div>
      <ModelTransfer {...props} />
    </li>
  );
}
