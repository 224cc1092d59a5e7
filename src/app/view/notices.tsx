import type { JSX } from 'preact';
import type { Lending } from '../state/lending.ts';
import { Notice } from './notice.tsx';

/** What stands in the way, each with its cure. */
export function Notices({ lending }: { lending: Lending }): JSX.Element | null {
  const status = lending.status.value;
  const state = status?.state;
  const failure = lending.failure.value ?? (state?.name === 'error' ? state.error : undefined);
  const notices = [
    failure ? (
      <Notice key="failure" tone="bad" title={failure.message}>
        <p>{failure.cure}</p>
        <p class="mono notice-code">{failure.code}</p>
      </Notice>
    ) : null,
    state?.name === 'held' ? (
      <Notice key="held" tone="warning" title={state.reason.message}>
        <p>{state.reason.cure}</p>
        <p class="mono notice-code">{state.reason.code}</p>
      </Notice>
    ) : null,
    lending.obstacle.value === 'no_gpu' ? <NoGpu key="gpu" lending={lending} /> : null,
    lending.obstacle.value === 'software' ? <SoftwareOnly key="software" lending={lending} /> : null,
    status?.fault ? (
      <Notice key="fault" tone="warning" title={status.fault.message}>
        <p class="mono notice-code">{status.fault.code}</p>
      </Notice>
    ) : null,
  ].filter(Boolean);
  return notices.length > 0 ? <div class="notices">{notices}</div> : null;
}

function NoGpu({ lending }: { lending: Lending }): JSX.Element {
  return (
    <Notice tone="warning" title="This browser gives the page no GPU">
      <p>{lending.gpu.value?.reason ?? 'WebGPU is missing.'}</p>
      <p>
        Use a recent Chrome, Edge, Safari or Firefox, with graphics acceleration turned on in its settings.
      </p>
      <p>
        <button type="button" class="button-plain" onClick={() => lending.change({ backend: 'wasm' })}>
          Use the CPU instead
        </button>
      </p>
    </Notice>
  );
}

function SoftwareOnly({ lending }: { lending: Lending }): JSX.Element {
  const cpu = lending.settings.value.backend === 'wasm';
  return (
    <Notice tone="warning" title={cpu ? 'The CPU would do the work' : 'This GPU is simulated by the CPU'}>
      <p>
        {cpu
          ? 'WebAssembly on the CPU is slow and warms the machine. It is meant for tests.'
          : 'The browser found a software adapter only. It is very slow and warms the machine: turn graphics acceleration on, or go on for a test.'}
      </p>
      <p>
        <button type="button" class="button-plain" onClick={() => lending.change({ allowSoftware: true })}>
          Lend it all the same
        </button>
      </p>
    </Notice>
  );
}
