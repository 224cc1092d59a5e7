import type { ToolFunction } from '../../text/tool-format.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  readArray,
  readBoolean,
  readObject,
  readString,
  unsupportedParameter,
  unsupportedValue,
} from './parameter.ts';
import { NAME, NAME_CURE } from './response-format.ts';

const MAX_TOOLS = 128;

/** What a request says of tools. */
export interface ToolUse {
  /** What the model is told of: none where it may call none. */
  readonly shown: readonly ToolFunction[];
  /** Of these, what this answer may call. */
  readonly callable: readonly ToolFunction[];
  /** Names of those whose schema has to be strict. */
  readonly strict: ReadonlySet<string>;
  /** There must be a call. */
  readonly required: boolean;
  /** There may be several. */
  readonly parallel: boolean;
}

const NO_TOOLS: ToolUse = {
  shown: [],
  callable: [],
  strict: new Set(),
  required: false,
  parallel: false,
};

/** Reads `tools`, `tool_choice` and `parallel_tool_calls`. */
export function readTools(given: {
  tools: unknown;
  tool_choice: unknown;
  parallel_tool_calls: unknown;
}): ToolUse {
  const { parallel_tool_calls: together, tool_choice: choice } = given;
  const parallel = together === undefined || readBoolean('parallel_tool_calls', together);
  const strict = new Set<string>();
  const tools = given.tools === undefined ? [] : readFunctions(given.tools, strict);
  if (tools.length === 0) {
    if (choice !== undefined && choice !== 'none' && choice !== 'auto')
      throw invalidValue('tool_choice', `it is allowed only where 'tools' are given.`);
    return NO_TOOLS;
  }
  if (choice === 'none') return NO_TOOLS;
  const all = { shown: tools, callable: tools, strict, parallel };
  if (choice === undefined || choice === 'auto') return { ...all, required: false };
  if (choice === 'required') return { ...all, required: true };
  const name = readNamed(choice);
  const callable = tools.filter((tool) => tool.name === name);
  if (callable.length === 0)
    throw invalidValue('tool_choice.function.name', "it must be the name of one of the 'tools'.");
  return { ...all, callable, required: true, parallel: false };
}

function readNamed(value: unknown): string {
  if (typeof value === 'string')
    throw invalidValue('tool_choice', "expected 'none', 'auto', 'required', or the name of a function.");
  const { function: named, type } = readObject('tool_choice', value);
  if (type !== 'function') throw unsupportedValue('tool_choice.type', "must be 'function'.");
  const { name } = readObject('tool_choice.function', named);
  if (name === undefined) throw missingParameter('tool_choice.function.name');
  return readString('tool_choice.function.name', name);
}

/** @param strict gets the names of those that say so */
function readFunctions(value: unknown, strict: Set<string>): ToolFunction[] {
  const names = new Set<string>();
  return readArray('tools', value, { min: 0, max: MAX_TOOLS }).map((item, at) => {
    const tool = readTool(`tools[${at}]`, item, strict);
    if (names.has(tool.name)) throw invalidValue(`tools[${at}].function.name`, 'another tool has this name.');
    names.add(tool.name);
    return tool;
  });
}

function readTool(at: string, value: unknown, strictNames: Set<string>): ToolFunction {
  const { function: described, type, ...rest } = readObject(at, value);
  if (type === undefined) throw missingParameter(`${at}.type`);
  if (type !== 'function') throw unsupportedValue(`${at}.type`, "must be 'function'.");
  for (const field of Object.keys(rest)) throw unsupportedParameter(`${at}.${field}`);
  if (described === undefined) throw missingParameter(`${at}.function`);
  const place = `${at}.function`;
  const {
    description = null,
    name,
    parameters = null,
    strict = null,
    ...more
  } = readObject(place, described);
  for (const field of Object.keys(more)) throw unsupportedParameter(`${place}.${field}`);
  if (name === undefined) throw missingParameter(`${place}.name`);
  if (!NAME.test(readString(`${place}.name`, name))) throw invalidValue(`${place}.name`, NAME_CURE);
  if (strict !== null && readBoolean(`${place}.strict`, strict)) strictNames.add(name as string);
  return {
    name: name as string,
    ...(description === null ? {} : { description: readString(`${place}.description`, description) }),
    ...(parameters === null ? {} : { parameters: readParameters(`${place}.parameters`, parameters) }),
  };
}

/** Arguments are an object, whatever it holds. */
function readParameters(at: string, value: unknown): Readonly<Record<string, unknown>> {
  const schema = readObject(at, value);
  const { type } = schema;
  if (type === undefined) return { ...schema, type: 'object' };
  if (type !== 'object') throw invalidType(`${at}.type`, "'object'", type);
  return schema;
}
