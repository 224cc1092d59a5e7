/**
 * The one text form of a tool call, as Hermes and Qwen models write it: what a constrained model is held to, what earlier
 * calls are shown as, and what `tool-calls.ts` reads back.
 *
 *     <tool_call>
 *     {"name": "weather", "arguments": {"city": "Paris"}}
 *     </tool_call>
 */
export const CALL_BEGIN = '<tool_call>';
export const CALL_END = '</tool_call>';

/** A function that a model may call; `parameters` is a JSON schema of one object. */
export interface ToolFunction {
  /** `[a-zA-Z0-9_-]`, 1 to 64: stands in the text as it is. */
  readonly name: string;
  readonly description?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** Which calls an answer must and may have. */
export interface CallRule {
  /** At least one call; else text is as good. */
  readonly required: boolean;
  /** More than one call. */
  readonly parallel: boolean;
  /** Calls are not required, and an answer without one is JSON of this schema; there can be one call only then. */
  readonly otherwise?: Readonly<Record<string, unknown>>;
}

/** A call as text. @param args JSON */
export function callText(name: string, args: string): string {
  return `${callHead(name)}${args}${CALL_TAIL}`;
}

function callHead(name: string): string {
  return `${CALL_BEGIN}\n{"name": "${name}", "arguments": `;
}

const CALL_TAIL = `}\n${CALL_END}`;

/** Without a schema a function takes nothing. */
const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false } as const;

/**
 * xgrammar's structural tag (as an object) that lets exactly these calls pass: each with a known name, and arguments
 * that its schema allows.
 */
export function callConstraint(tools: readonly ToolFunction[], rule: CallRule): object {
  const tags = tools.map(({ name, parameters = NO_PARAMETERS }) => ({
    type: 'tag',
    begin: callHead(name),
    content: { type: 'json_schema', json_schema: parameters },
    end: CALL_TAIL,
  }));
  return { type: 'structural_tag', format: formatOf(tags, rule) };
}

function formatOf(tags: readonly object[], { otherwise, parallel, required }: CallRule): object {
  const stop = { stop_after_first: !parallel };
  if (required) return { type: 'tags_with_separator', tags, separator: '\n', at_least_one: true, ...stop };
  // xgrammar allows no list of tags within `or`: it would not know where the list ends.
  if (otherwise) return { type: 'or', elements: [{ type: 'json_schema', json_schema: otherwise }, ...tags] };
  return { type: 'triggered_tags', triggers: [CALL_BEGIN], tags, at_least_one: false, ...stop };
}
