import { Template } from '@huggingface/jinja';
import { CodedError } from '../core/errors.ts';

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** Renders a conversation, with the opening of the assistant's turn at its end. */
export type ChatTemplate = (
  messages: readonly ChatMessage[],
  tokens: { bos_token: string; eos_token: string },
) => string;

/** A model's Jinja chat template, parsed once. */
export function createChatTemplate(source: string): ChatTemplate {
  const template = new Template(source);
  return (messages, tokens) => {
    try {
      return template.render({ messages, add_generation_prompt: true, ...tokens });
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
