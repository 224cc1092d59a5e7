import type { ApiReply, ApiRequest } from '../relay/openai/api-request.ts';
import type { Relay } from '../relay/relay.ts';

/** What an agent of the simulation has seen of an answer so far. */
export interface SimAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** The body as it came, events and all. */
  text: string;
  ended: boolean;
  /** Ids in the order in which they came, from `token_ids`. */
  readonly ids: number[];
  readonly errors: string[];
  done: boolean;
  /** Named events, which only streams get that pay. */
  readonly events: { readonly name: string; readonly data: unknown }[];
  /** Goes away in mid-stream. */
  leave(): void;
}

export interface SimRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: URLSearchParams;
  /** Network address that it comes from. */
  readonly ip?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called with each batch of ids as it comes. */
  readonly onIds?: (ids: readonly number[]) => void;
}

/** Sends a chat request straight into the relay's handlers. */
export function simChat(
  relay: Relay,
  body: Readonly<Record<string, unknown>>,
  request: SimRequest = {},
): SimAnswer {
  const text = JSON.stringify({ stream: true, return_token_ids: true, ...body });
  return simRequest(relay, { ...request, body: text });
}

/** Sends any request straight into the relay's handlers. */
export function simRequest(relay: Relay, given: SimRequest): SimAnswer {
  const {
    body = '',
    headers = {},
    ip = '127.0.0.1',
    method = 'POST',
    onIds,
    path = '/v1/chat/completions',
    query = new URLSearchParams(),
  } = given;
  let gone = (): void => {};
  const answer: SimAnswer = {
    status: 0,
    headers: {},
    text: '',
    ended: false,
    ids: [],
    errors: [],
    done: false,
    events: [],
    leave: () => gone(),
  };
  const request: ApiRequest = {
    method,
    path,
    query,
    ip,
    header: (name) => headers[name],
    body: async () => body,
  };
  const reply: ApiReply = {
    send(status, headers, text) {
      Object.assign(answer, { status, headers, text, ended: true });
    },
    begin(status, headers) {
      Object.assign(answer, { status, headers });
    },
    write(text) {
      answer.text += text;
      const before = answer.ids.length;
      readEvents(answer, text);
      if (answer.ids.length > before) onIds?.(answer.ids.slice(before));
    },
    end: () => (answer.ended = true),
    buffered: () => 0,
    onGone: (run) => (gone = run),
  };
  void relay.answer(request, reply);
  return answer;
}

function readEvents(answer: SimAnswer, text: string): void {
  const named = /^event: (\S+)\ndata: (.*)\n/.exec(text);
  if (named) answer.events.push({ name: named[1] as string, data: JSON.parse(named[2] as string) });
  else for (const line of text.split('\n')) readEvent(answer, line);
}

function readEvent(answer: SimAnswer, line: string): void {
  if (!line.startsWith('data: ')) return;
  const data = line.slice(6);
  if (data === '[DONE]') {
    answer.done = true;
    return;
  }
  const event = JSON.parse(data) as { error?: { code: string }; choices?: { token_ids?: number[] }[] };
  if (event.error) answer.errors.push(event.error.code);
  answer.ids.push(...(event.choices?.[0]?.token_ids ?? []));
}
