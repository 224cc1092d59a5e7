import type { JSX } from 'preact';
import type { GpuRecord } from '../state/gpu-record.ts';
import type { Lending } from '../state/lending.ts';
import { describeFit, describeGpu, describeMeasures, describeSpeed } from '../words/gpu-words.ts';
import { describeRate } from '../words/quantities.ts';
import { Notice } from './notice.tsx';

/** What the GPU is, what it can do, and what follows for each model. */
export function GpuPanel({ lending }: { lending: Lending }): JSX.Element | null {
  const gpu = lending.gpu.value;
  const { record, failure } = lending.bench;
  if (!gpu?.webgpu) return null;
  return (
    <section class="card" aria-labelledby="gpu-title">
      <header class="card-head">
        <h2 id="gpu-title">Your GPU</h2>
        <MeasureButton lending={lending} />
      </header>
      <p class="gpu-name">{gpu.name}</p>
      {failure.value ? (
        <Notice tone="warning" title={failure.value.message}>
          <p>{failure.value.cure}</p>
          <p class="mono notice-code">{failure.value.code}</p>
        </Notice>
      ) : null}
      {record.value ? <Measures record={record.value} /> : null}
      <dl class="facts">
        {describeGpu(gpu).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Fits lending={lending} />
    </section>
  );
}

function MeasureButton({ lending }: { lending: Lending }): JSX.Element {
  const { bench } = lending;
  if (bench.measuring.value) {
    return (
      <button type="button" class="button-quiet button-tiny" onClick={() => void bench.cancel()}>
        Measuring… cancel
      </button>
    );
  }
  const busy = lending.lending.value;
  return (
    <button
      type="button"
      class="button-quiet button-tiny"
      disabled={busy}
      title={busy ? 'Stop lending to measure: both would slow each other down.' : undefined}
      onClick={() => void bench.measure()}
    >
      {bench.record.value ? 'Measure again' : 'Measure it'}
    </button>
  );
}

function Measures({ record: { measures } }: { record: GpuRecord }): JSX.Element {
  const { arithmetic, bandwidth } = describeMeasures(measures);
  return (
    <dl class="figures figures-two">
      <div class="figure">
        <dt>Reading memory</dt>
        <dd>
          {bandwidth.value} <span class="figure-unit">{bandwidth.unit}</span>
        </dd>
      </div>
      <div class="figure">
        <dt>Multiplying matrices</dt>
        <dd>
          {arithmetic.value} <span class="figure-unit">{arithmetic.unit}</span>
        </dd>
      </div>
    </dl>
  );
}

function Fits({ lending }: { lending: Lending }): JSX.Element | null {
  const fits = lending.bench.fits.value;
  const models = lending.models.value ?? [];
  const status = lending.status.value;
  if (fits.length === 0) return null;
  const measured = status && status.tokensPerSecond > 0 ? status : undefined;
  return (
    <div class="fits">
      <h3>Models on it</h3>
      <ul>
        {fits.map((fit) => {
          const model = models.find(({ id }) => id === fit.id);
          const { tone, verdict, reason } = describeFit(fit);
          const speed = describeSpeed(fit);
          return (
            <li class="fit" key={fit.id}>
              <span class="fit-name">{model ? `${model.name}, ${model.variant}` : fit.id}</span>
              <span class="fit-verdict" data-tone={tone}>
                {verdict}
              </span>
              <span class="fit-note">{speed ? `${reason}; ${speed}` : reason}</span>
              {measured?.model === fit.id ? (
                <span class="fit-note fit-measured">
                  Measured now: {describeRate(measured.tokensPerSecond)} tokens/s with{' '}
                  {measured.streams.length}
                </span>
              ) : null}
            </li>
          );
        })}
      </ul>
      <p class="field-hint">
        {lending.bench.record.value
          ? 'Speeds are estimates from what was measured. Running a model shows the truth.'
          : 'Measuring takes a second, and shows how fast each could be.'}
      </p>
    </div>
  );
}
