import type { Constraint } from '../../protocol/wire/decode-spec.ts';
import { CALL_END } from '../../text/tool-format.ts';
import type { Job } from './job.ts';

/**
 * Whether an answer that is held to something is whole although nothing says so: a provider ends it as soon as its
 * grammar lets nothing follow (rule G6). Cheaper than the grammar, and all that matters here: nothing is cut in half.
 */
export function hasWholeText({ order, output }: Job): boolean {
  const { constraint } = order.spec;
  return constraint !== undefined && isWhole(constraint, order.model.tokenizer.decode(output.ids));
}

function isWhole({ kind }: Constraint, text: string): boolean {
  return (kind === 'structural_tag' && text.trimEnd().endsWith(CALL_END)) || isJson(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
