import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { LibraryModel } from '../../provider/models/library-model.ts';
import type { Lending } from '../state/lending.ts';
import { LENDING_HASH } from '../state/place.ts';
import { ArrowIcon } from './icons.tsx';
import { ModelCard } from './model-card.tsx';
import { ModelSummary } from './model-summary.tsx';
import type { ModelsProps } from './model-props.ts';
import { ModelStorage } from './model-storage.tsx';
import { Notice } from './notice.tsx';

/** Which models there are, which are here, and what they take. */
export function Models({ lending, library }: ModelsProps): JSX.Element {
  useEffect(() => {
    library.open();
    const look = (): void => {
      if (document.visibilityState === 'visible') void library.refresh();
    };
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [library]);
  const loading = lending.status.value?.state.name === 'loading';
  useEffect(() => {
    // What lending downloaded is here now.
    if (!loading) void library.refresh();
  }, [loading, library]);
  const models = library.status.value?.models;
  const failure = library.failure.value;
  return (
    <>
      <div class="models-head">
        <a class="button-quiet models-back" href={LENDING_HASH}>
          <ArrowIcon />
          Lending
        </a>
        <h2>Models</h2>
        <p>
          What this computer can lend. A model is downloaded once, checked, and kept in this browser until you
          delete it.
        </p>
      </div>
      {failure ? (
        <Notice tone="bad" title={failure.message}>
          <p>{failure.cure}</p>
          <p class="mono notice-code">{failure.code}</p>
        </Notice>
      ) : null}
      <ModelStorage library={library} />
      {models ? (
        <ModelLists models={models} lending={lending} library={library} />
      ) : failure ? null : (
        <p class="empty">Looking for models…</p>
      )}
    </>
  );
}

function ModelLists({
  models,
  lending,
  library,
}: ModelsProps & { models: readonly LibraryModel[] }): JSX.Element {
  const of = (obstacle: LibraryModel['obstacle']): readonly LibraryModel[] =>
    models.filter((model) => model.obstacle === obstacle);
  return (
    <>
      <section class="models-section" aria-labelledby="models-ready">
        <h3 id="models-ready">Ready to lend</h3>
        <ul class="models-list">
          {of(undefined).map((model) => (
            <ModelCard key={model.id} model={model} lending={lending} library={library} />
          ))}
        </ul>
      </section>
      <LaterModels title="Out of reach" models={of('unreadable')} lending={lending}>
        Their manifests could not be read. Reload the page to try again.
      </LaterModels>
      <LaterModels title="Not offered here yet" models={of('unpinned')} lending={lending}>
        Real models that Afterglow’s engine is made for. They need a manifest that pins each file’s hash:
        whoever runs this page can add one.
      </LaterModels>
      <LaterModels title="For the WebLLM engine" models={of('engine')} lending={lending}>
        Models that MLC compiled for WebLLM, an engine that this page does not have yet.
      </LaterModels>
    </>
  );
}

interface LaterModelsProps {
  readonly title: string;
  readonly models: readonly LibraryModel[];
  readonly lending: Lending;
  readonly children: string;
}

function LaterModels({ title, models, lending, children }: LaterModelsProps): JSX.Element | null {
  if (models.length === 0) return null;
  return (
    <details class="models-later">
      <summary>
        <h3>
          {title} <span class="count">{models.length}</span>
        </h3>
      </summary>
      <p class="card-note">{children}</p>
      <ul class="models-list models-two">
        {models.map((model) => (
          <ModelSummary key={model.id} model={model} lending={lending} />
        ))}
      </ul>
    </details>
  );
}
