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
  /** Goes away in mid-stream. */
  leave(): void;
}

/** Sends a request straight into the relay's handlers. */
export function simRequest(relay: Relay, body: Readonly<Record<string, unknown>>): SimAnswer {
  let gone = (): void => {};
  const answer: SimAnswer = {
    status: 0,
    headers: {},
    text: '',
    ended: false,
    ids: [],
    errors: [],
    done: false,
    leave: () => gone(),
  };
  const request: ApiRequest = {
    method: 'POST',
    path: '/v1/chat/completions',
    query: new URLSearchParams(),
    ip: '127.0.0.1',
    header: (name) => (name === 'content-type' ? 'application/json' : undefined),
    body: async () => JSON.stringify({ stream: true, return_token_ids: true, ...body }),
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
      for (const line of text.split('\n')) readEvent(answer, line);
    },
    end: () => (answer.ended = true),
    buffered: () => 0,
    onGone: (run) => (gone = run),
  };
  void relay.answer(request, reply);
  return answer;
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
