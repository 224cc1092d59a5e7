import type { ChatMessage } from '../../text/chat-message.ts';
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

/** `developer` is what newer models call `system`. */
const ROLES: ReadonlyMap<string, ChatMessage['role']> = new Map([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['assistant', 'assistant'],
]);

/** Reads `messages`. @throws CodedError with the place of the fault in `param`, never its contents. */
export function readMessages(value: unknown): ChatMessage[] {
  return readArray('messages', value, { min: 1, max: MAX_MESSAGES }).map((item, at) =>
    readMessage(`messages[${at}]`, item),
  );
}

function readMessage(at: string, value: unknown): ChatMessage {
  const { role: roleName, content, ...rest } = readObject(at, value);
  if (roleName === undefined) throw missingParameter(`${at}.role`);
  const role = ROLES.get(readString(`${at}.role`, roleName));
  if (!role) {
    const known = [...ROLES.keys()].map((name) => `'${name}'`);
    throw ['tool', 'function'].includes(roleName as string)
      ? unsupportedValue(`${at}.role`, 'may not be a tool: tools are not supported here.')
      : invalidValue(`${at}.role`, `expected one of ${known.join(', ')}.`);
  }
  // Clients send an earlier answer back as they got it, with its empty fields.
  for (const [field, extra] of Object.entries(rest)) {
    if (extra !== null && !(Array.isArray(extra) && extra.length === 0))
      throw unsupportedParameter(`${at}.${field}`);
  }
  if (content === undefined) throw missingParameter(`${at}.content`);
  return { role, content: readContent(`${at}.content`, content) };
}

/** A string, or a list of text parts, which become lines. */
function readContent(at: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) throw invalidType(at, 'a string or an array of text parts', value);
  const parts = readArray(at, value, { min: 1, max: MAX_MESSAGES }).map((item, index) => {
    const { type, text, ...rest } = readObject(`${at}[${index}]`, item);
    if (type === undefined) throw missingParameter(`${at}[${index}].type`);
    if (type !== 'text')
      throw unsupportedValue(`${at}[${index}].type`, `must be 'text': this relay serves text models only.`);
    for (const field of Object.keys(rest)) throw unsupportedParameter(`${at}[${index}].${field}`);
    if (text === undefined) throw missingParameter(`${at}[${index}].text`);
    return readString(`${at}[${index}].text`, text);
  });
  return parts.join('\n');
}
