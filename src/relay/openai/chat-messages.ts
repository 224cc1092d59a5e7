import type { ChatMessage, ToolCall } from '../../text/chat-message.ts';
import {
  invalidType,
  invalidValue,
  missingParameter,
  readArray,
  readObject,
  readString,
  unsupportedParameter,
  unsupportedValue,
} from './parameter.ts';

const MAX_MESSAGES = 2048;
const MAX_CALLS = 128;

/** `developer` is what newer models call `system`. */
const ROLES: ReadonlyMap<string, ChatMessage['role']> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['tool', 'tool'],
]);

const PARTICIPANT = /^[^\s<|\\/>]{1,64}$/;

/** Reads `messages`. @throws CodedError with the place of the fault in `param`, never its contents. */
export function readMessages(value: unknown): ChatMessage[] {
  const messages = readArray('messages', value, { min: 1, max: MAX_MESSAGES }).map((item, at) =>
    readMessage(`messages[${at}]`, item),
  );
  checkCalls(messages);
  return messages;
}

function readMessage(at: string, value: unknown): ChatMessage {
  const {
    role: roleName,
    content: said,
    name = null,
    tool_calls,
    tool_call_id,
    ...rest
  } = readObject(at, value);
  if (roleName === undefined) throw missingParameter(`${at}.role`);
  const role = ROLES.get(readString(`${at}.role`, roleName));
  if (!role) {
    if (roleName === 'function')
      throw unsupportedValue(`${at}.role`, "may not be 'function': its newer name is 'tool'.");
    throw invalidValue(
      `${at}.role`,
      `expected one of ${[...ROLES.keys()].map((known) => `'${known}'`).join(', ')}.`,
    );
  }
  const calls = readCalls(`${at}.tool_calls`, role, tool_calls);
  const callId = readCallId(`${at}.tool_call_id`, role, tool_call_id);
  // Clients send an earlier answer back as they got it, with its empty fields.
  for (const [field, extra] of Object.entries(rest)) {
    if (extra !== null && !(Array.isArray(extra) && extra.length === 0))
      throw unsupportedParameter(`${at}.${field}`);
  }
  if (said === undefined && !calls) throw missingParameter(`${at}.content`);
  const content = (said ?? null) === null && calls ? '' : readContent(`${at}.content`, role, said);
  return {
    role,
    content,
    ...(name === null ? {} : { name: readName(`${at}.name`, name) }),
    ...(calls ? { calls } : {}),
    ...(callId === undefined ? {} : { callId }),
  };
}

function readName(at: string, value: unknown): string {
  const name = readString(at, value);
  if (!PARTICIPANT.test(name))
    throw invalidValue(at, 'expected 1 to 64 characters without spaces, slashes and angle brackets.');
  return name;
}

/** A string, or a list of text parts, which become lines. */
function readContent(at: string, role: ChatMessage['role'], value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) throw invalidType(at, 'a string or an array of text parts', value);
  const parts = readArray(at, value, { min: 1, max: MAX_MESSAGES }).map((item, index) => {
    const part = `${at}[${index}]`;
    const { type, ...fields } = readObject(part, item);
    if (type === undefined) throw missingParameter(`${part}.type`);
    // What an assistant refused is what it said.
    const field = type === 'refusal' && role === 'assistant' ? 'refusal' : 'text';
    if (type !== field)
      throw unsupportedValue(`${part}.type`, `must be 'text': this relay serves text models only.`);
    const { [field]: text, ...rest } = fields;
    for (const name of Object.keys(rest)) throw unsupportedParameter(`${part}.${name}`);
    if (text === undefined) throw missingParameter(`${part}.${field}`);
    return readString(`${part}.${field}`, text);
  });
  return parts.join('\n');
}

function readCalls(at: string, role: ChatMessage['role'], value: unknown): ToolCall[] | undefined {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return undefined;
  if (role !== 'assistant') throw invalidValue(at, 'only an assistant makes calls.');
  return readArray(at, value, { min: 1, max: MAX_CALLS }).map((item, index) => {
    const call = `${at}[${index}]`;
    const { function: named, id, type } = readObject(call, item);
    if (id === undefined) throw missingParameter(`${call}.id`);
    if (type !== 'function') throw unsupportedValue(`${call}.type`, "must be 'function'.");
    const { arguments: args, name } = readObject(`${call}.function`, named);
    if (name === undefined) throw missingParameter(`${call}.function.name`);
    if (args === undefined) throw missingParameter(`${call}.function.arguments`);
    return {
      id: readString(`${call}.id`, id),
      name: readString(`${call}.function.name`, name),
      arguments: readString(`${call}.function.arguments`, args),
    };
  });
}

function readCallId(at: string, role: ChatMessage['role'], value: unknown): string | undefined {
  if (role === 'tool') {
    if (value === undefined || value === null) throw missingParameter(at);
    return readString(at, value);
  }
  if (value !== undefined && value !== null) throw invalidValue(at, 'only a tool answers a call.');
  return undefined;
}

/** Each call is answered by the messages right behind it, each of which answers one. */
function checkCalls(messages: readonly ChatMessage[]): void {
  let open = new Set<string>();
  let caller = '';
  const checkAnswered = (): void => {
    if (open.size > 0)
      throw invalidValue(
        caller,
        'each of its calls must be answered by a message of a tool right behind it.',
      );
  };
  for (const [at, { callId, calls }] of messages.entries()) {
    if (callId === undefined) {
      checkAnswered();
      caller = `messages[${at}].tool_calls`;
      open = new Set(calls?.map(({ id }) => id));
      if (calls && open.size < calls.length) throw invalidValue(caller, 'two calls have the same id.');
    } else if (!open.delete(callId)) {
      throw invalidValue(
        `messages[${at}].tool_call_id`,
        "it must be the id of a call in the 'tool_calls' before it that has no answer yet.",
      );
    }
  }
  checkAnswered();
}
