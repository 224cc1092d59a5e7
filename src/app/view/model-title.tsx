import type { JSX } from 'preact';
import type { LibraryModel } from '../../provider/models/library-model.ts';
import { describeContext, describeParameters } from '../words/fit-words.ts';

/** What a model is: its name, a sentence, and what it can do. */
export function ModelTitle({ model }: { model: LibraryModel }): JSX.Element {
  const { name, description, license, parameters, context, tools, logprobs, kind, repository } = model;
  const facts = [
    `${describeParameters(parameters)} parameters`,
    `${describeContext(context)} tokens of ${kind === 'encoder' ? 'input' : 'context'}`,
    license,
    ...(kind === 'encoder' ? ['embeddings'] : []),
    ...(tools ? ['trained for tools'] : []),
    ...(logprobs > 0 && kind === 'decoder' ? [`up to ${logprobs} logprobs`] : []),
  ];
  return (
    <>
      <div class="model-title">
        <h4>{name}</h4>
        {repository ? (
          <a
            class="model-source"
            href={repository}
            target="_blank"
            rel="noreferrer"
            aria-label={`Source of ${name}`}
          >
            Source
          </a>
        ) : null}
      </div>
      <p class="model-words">{description}</p>
      <ul class="model-facts">
        {facts.map((fact) => (
          <li key={fact}>{fact}</li>
        ))}
      </ul>
    </>
  );
}
