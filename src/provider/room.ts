import { CodedError } from '../core/errors.ts';
import type { Assignment } from '../protocol/wire/job.ts';
import type { Room } from '../protocol/wire/messages.ts';

/**
 * Refuses what is too long for this provider (rule P4): an answer that was cut short in silence would lie about its end.
 * @throws CodedError `prompt_too_long`, `context_exceeded`
 */
export function checkRoom({ prompt, prior, maxTokens }: Assignment, room: Room): void {
  checkInput(prompt.length, room);
  if (prompt.length + prior.length + maxTokens <= room.context) return;
  throw new CodedError('context_exceeded', `This GPU holds ${room.context} tokens of a stream.`);
}

/** The same for a prompt alone, or the longest input of an embedding job. @throws CodedError `prompt_too_long` */
export function checkInput(tokens: number, { prompt }: Room): void {
  if (tokens <= prompt) return;
  throw new CodedError('prompt_too_long', `The owner of this GPU takes prompts up to ${prompt} tokens.`);
}
