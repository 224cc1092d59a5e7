import type { ChatMessage } from './chat-message.ts';
import { CALL_BEGIN, CALL_END, callText, type ToolFunction } from './tool-format.ts';

/**
 * Tools, earlier calls and their results for a model whose template has no form for them: an instruction at the end of
 * the system's message, calls as an answer would write them, results as messages of the user.
 */
export function plainMessages(
  messages: readonly ChatMessage[],
  tools: readonly ToolFunction[],
): readonly ChatMessage[] {
  const plain: ChatMessage[] = [];
  for (const message of messages) {
    const next = plainMessage(message);
    const last = plain.at(-1);
    // The results of calls that were made together are one turn: many templates want the roles to alternate.
    if (message.role === 'tool' && last?.role === 'user')
      plain[plain.length - 1] = { ...last, content: `${last.content}\n${next.content}` };
    else plain.push(next);
  }
  return tools.length === 0 ? plain : withInstruction(plain, instructionOf(tools));
}

function plainMessage({ calls, callId: _, ...message }: ChatMessage): ChatMessage {
  const { role, content } = message;
  if (role === 'tool') return { role: 'user', content: `<tool_response>\n${content}\n</tool_response>` };
  if (!calls) return message;
  const texts = calls.map(({ name, arguments: args }) => callText(name, args));
  return { ...message, content: [content, ...texts].filter((text) => text !== '').join('\n') };
}

function withInstruction(messages: readonly ChatMessage[], instruction: string): readonly ChatMessage[] {
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [{ role: 'system', content: instruction }, ...messages];
  return [{ ...first, content: `${first.content}\n\n${instruction}` }, ...rest];
}

function instructionOf(tools: readonly ToolFunction[]): string {
  return [
    'These functions can be called:',
    ...tools.map((tool) => JSON.stringify(tool)),
    'A call is written like this, and nothing else within it:',
    `${CALL_BEGIN}\n{"name": <name>, "arguments": <object>}\n${CALL_END}`,
    'Its result comes within <tool_response>.',
  ].join('\n');
}
