/** A call that an earlier answer made. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  /** Tells participants of one role apart. */
  readonly name?: string;
  /** Of an assistant. */
  readonly calls?: readonly ToolCall[];
  /** Of a tool: the call that it answers. */
  readonly callId?: string;
}
