import type { JSX } from 'preact';
import type { ModelProgress } from '../../provider/compute/engine-source.ts';
import type { LibraryModel } from '../../provider/models/library-model.ts';
import type { Lending } from '../state/lending.ts';
import { describeProgress } from '../words/download-words.ts';
import { describeBytes } from '../words/quantities.ts';
import { ModelRoom } from './model-room.tsx';
import type { ModelVariantProps } from './model-props.ts';
import { useNow } from './use-now.ts';

/** How a download goes, below its variant. */
export function ModelTransfer(props: ModelVariantProps): JSX.Element | null {
  const { variant, model, lending } = props;
  const { transfer, state, bytes, downloadBytes } = variant;
  const starting = startingProgress(lending, variant.id);
  const progress = starting ?? (transfer?.name === 'active' ? transfer.progress : undefined);
  const now = useNow(progress?.retry !== undefined);
  if (progress) return <Bar model={model} words={describeProgress(progress, now)} part={progress} />;
  const total = downloadBytes ?? bytes;
  const there = `${describeBytes(bytes)} of ${describeBytes(total)}`;
  if (transfer?.name === 'queued') {
    return <Bar model={model} words={`${there}, in line behind another download`} part={{ bytes, total }} />;
  }
  if (transfer?.name === 'failed') {
    const { error } = transfer;
    if (error.code === 'storage_full') return <ModelRoom {...props} error={error} />;
    return (
      <div class="variant-fault" role="alert">
        <p>{error.message}</p>
        <p>{error.cure}</p>
        <p class="mono notice-code">{error.code}</p>
      </div>
    );
  }
  if (state !== 'part') return null;
  return <Bar model={model} words={`${there}, paused`} part={{ bytes, total }} paused />;
}

interface BarProps {
  readonly model: LibraryModel;
  readonly words: string;
  readonly part: Pick<ModelProgress, 'bytes' | 'total'>;
  readonly paused?: boolean;
}

function Bar({ model, words, part, paused = false }: BarProps): JSX.Element {
  return (
    <div class="variant-transfer" data-paused={paused}>
      <progress class="bar" aria-label={`Download of ${model.name}`} value={part.bytes} max={part.total} />
      <p>{words}</p>
    </div>
  );
}

/** Lending that was started with a model that is not here downloads it, too. */
function startingProgress(lending: Lending, id: string): ModelProgress | undefined {
  const state = lending.status.value?.state;
  if (state?.name !== 'loading' || state.model !== id || state.progress.phase !== 'download')
    return undefined;
  return state.progress;
}
