import { Template } from '@huggingface/jinja';
import { CodedError } from '../core/errors.ts';
import type { ChatMessage, ToolCall } from './chat-message.ts';
import { CALL_BEGIN, type ToolFunction } from './tool-format.ts';
import { plainMessages } from './tool-messages.ts';

/**
 * Renders a conversation, with the opening of the assistant's turn at its end.
 * @param tools what the next answer may call
 */
export type ChatTemplate = (
  messages: readonly ChatMessage[],
  tools: readonly ToolFunction[],
  tokens: { bos_token: string; eos_token: string },
) => string;

/**
 * A model's Jinja chat template, parsed once. Tools are shown in its own way where it writes calls as we do; a template
 * that knows no tools, or another form, gets them as plain messages (`tool-messages.ts`).
 */
export function createChatTemplate(source: string): ChatTemplate {
  const template = new Template(source);
  const knowsCalls = source.includes(CALL_BEGIN) && /\btools\b/.test(source);
  const knowsNames = /message(\.name|\[['"]name['"]\])/.test(source);
  return (messages, tools, tokens) => {
    const shown = knowsCalls ? messages : plainMessages(messages, tools);
    const context = {
      messages: shown.map((message) => nativeMessage(knowsNames ? message : withNameInText(message))),
      ...(knowsCalls && tools.length > 0 ? { tools: tools.map(nativeTool) } : {}),
    };
    try {
      return template.render({ ...context, add_generation_prompt: true, ...tokens });
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new CodedError(
        'chat_template_refused',
        `The model's chat template refused the conversation: ${message}`,
        undefined,
        cause,
      );
    }
  };
}

/** A tool's name says nothing that its call does not. */
function withNameInText({ name, ...message }: ChatMessage): ChatMessage {
  if (name === undefined || message.role === 'tool') return message;
  return { ...message, content: `${name}: ${message.content}` };
}

/** As templates expect it: the field names of OpenAI, arguments parsed where they are JSON. */
function nativeMessage({ callId, calls, ...message }: ChatMessage): Record<string, unknown> {
  return {
    ...message,
    ...(callId === undefined ? {} : { tool_call_id: callId }),
    ...(calls ? { tool_calls: calls.map(nativeCall) } : {}),
  };
}

function nativeCall({ id, name, arguments: text }: ToolCall): object {
  return { id, type: 'function', function: { name, arguments: parsedOr(text) } };
}

function nativeTool(tool: ToolFunction): object {
  return { type: 'function', function: tool };
}

function parsedOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
