/** One of several tokens that could have come: its text, and its bytes, since a token may be half a character. */
export interface TokenAlternative {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
}

/** A token of an answer with those that were likeliest at its place. */
export interface TokenLogprob extends TokenAlternative {
  readonly top_logprobs: readonly TokenAlternative[];
}

/** More of a tool call; its first piece has all but the arguments' rest. */
export interface ToolCallDelta {
  readonly index: number;
  readonly id?: string | undefined;
  readonly type?: 'function' | undefined;
  readonly function?:
    | { readonly name?: string | undefined; readonly arguments?: string | undefined }
    | undefined;
}

/** More of one choice, as a chunk of a stream has it. */
export interface ChoicePiece {
  readonly delta?:
    | {
        readonly content?: string | null | undefined;
        readonly tool_calls?: readonly ToolCallDelta[] | null | undefined;
      }
    | undefined;
  readonly logprobs?: { readonly content?: readonly unknown[] | null | undefined } | null | undefined;
  readonly finish_reason?: string | null | undefined;
  readonly token_ids?: readonly number[] | undefined;
}

/** Puts a choice together from its pieces, as an answer in one piece has it. */
export interface ChoiceCollector {
  add(piece: ChoicePiece): void;
  whole(): object;
}

/** @param keepIds adds `token_ids` */
export function createChoiceCollector(index: number, keepIds: boolean): ChoiceCollector {
  let content = '';
  let finish: string | null = null;
  let logprobs: unknown[] | undefined;
  const ids: number[] = [];
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];

  function addCall({ function: more, id, index: at }: ToolCallDelta): void {
    const call = (calls[at] ??= { id: '', type: 'function', function: { name: '', arguments: '' } });
    call.id += id ?? '';
    call.function.name += more?.name ?? '';
    call.function.arguments += more?.arguments ?? '';
  }

  return {
    add({ delta, finish_reason: reason, logprobs: more, token_ids: added }) {
      content += delta?.content ?? '';
      for (const call of delta?.tool_calls ?? []) addCall(call);
      if (more?.content) (logprobs ??= []).push(...more.content);
      finish = reason ?? finish;
      for (const id of added ?? []) ids.push(id);
    },
    whole: () => ({
      index,
      message: {
        role: 'assistant',
        content: calls.length > 0 && content === '' ? null : content,
        refusal: null,
        ...(calls.length > 0 ? { tool_calls: calls } : {}),
      },
      logprobs: logprobs ? { content: logprobs, refusal: null } : null,
      finish_reason: finish,
      ...(keepIds ? { token_ids: ids } : {}),
    }),
  };
}
