import { canonicalJson } from '../../protocol/wire/canonical-json.ts';
import { type DecodeSpec, plainSpec } from '../../protocol/wire/decode-spec.ts';
import type { Feature } from '../../protocol/wire/feature.ts';
import type { Provider } from '../providers/provider.ts';

/** What a job asks of its engine beyond plain decoding (rule P5). */
export function needsOf({
  spec,
  topLogprobs,
}: {
  readonly spec: DecodeSpec;
  readonly topLogprobs?: number;
}): Feature[] {
  const needs: Feature[] = [];
  const { constraint, ...controls } = spec;
  if (canonicalJson(controls) !== canonicalJson(plainSpec(spec.temperature))) needs.push('controls');
  if (topLogprobs !== undefined) needs.push('logprobs');
  if (constraint) needs.push('constraints');
  return needs;
}

export function meets({ features }: Provider, needs: readonly Feature[]): boolean {
  return needs.every((need) => features.has(need));
}

/** The parameters of a request that ask for it. */
const PARAMETERS: Readonly<Record<Feature, readonly [string, string]>> = {
  controls: ['top_p', "'top_p', 'top_k', 'min_p', penalties or 'logit_bias'"],
  logprobs: ['logprobs', "'logprobs'"],
  constraints: ['response_format', "'tools' or a JSON 'response_format'"],
};

/** How to say that nobody can do this: a parameter's name, and words. */
export function unmetWords(needs: readonly Feature[]): { param: string; words: string } {
  const [first] = needs;
  return {
    param: first ? PARAMETERS[first][0] : '',
    words: needs.map((need) => PARAMETERS[need][1]).join(', and '),
  };
}
