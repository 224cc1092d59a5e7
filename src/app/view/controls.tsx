import type { JSX } from 'preact';
import type { Lending, Obstacle } from '../state/lending.ts';
import { describeResume, isOwnPause } from '../words/state-words.ts';
import { PauseIcon, PlayIcon, StopIcon } from './icons.tsx';

const obstacles: Readonly<Record<Obstacle, string>> = {
  starting: 'Looking at this machine…',
  no_gpu: 'No usable GPU was found: see above.',
  software: 'The CPU would do the work: see above.',
  no_model: 'This page offers no model.',
};

/** The one big button, and pause beside it while lending. */
export function Controls({ lending }: { lending: Lending }): JSX.Element {
  const state = lending.status.value?.state.name ?? 'idle';
  const obstacle = lending.obstacle.value;
  if (!lending.lending.value) {
    return (
      <div class="controls">
        <button
          type="button"
          class="button-main"
          onClick={() => void lending.start()}
          disabled={obstacle !== undefined}
          aria-describedby={obstacle ? 'obstacle' : undefined}
        >
          <PlayIcon />
          Start lending
        </button>
        {obstacle ? (
          <p id="obstacle" class="controls-hint">
            {obstacles[obstacle]}
          </p>
        ) : null}
      </div>
    );
  }
  return (
    <div class="controls">
      {state === 'paused' || state === 'unloaded' ? (
        <button
          type="button"
          class={isOwnPause(lending.status.value?.state) ? 'button-main' : 'button-plain'}
          onClick={() => void lending.resume()}
        >
          <PlayIcon />
          {describeResume(lending.status.value?.state)}
        </button>
      ) : null}
      {state === 'waiting' || state === 'serving' || state === 'connecting' || state === 'held' ? (
        <button type="button" class="button-plain" onClick={() => void lending.pause()}>
          <PauseIcon />
          Pause
        </button>
      ) : null}
      <button
        type="button"
        class={state === 'paused' || state === 'unloaded' ? 'button-plain' : 'button-stop'}
        onClick={() => void lending.stop()}
      >
        <StopIcon />
        {state === 'loading' ? 'Cancel' : 'Stop lending'}
      </button>
      {lending.demo ? (
        <button type="button" class="button-plain button-demo" onClick={() => void lending.kill()}>
          Kill this tab
        </button>
      ) : null}
    </div>
  );
}
