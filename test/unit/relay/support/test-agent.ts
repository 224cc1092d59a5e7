import type { Hex } from '../../../../src/core/bytes.ts';
import type { ApiReply, ApiRequest } from '../../../../src/relay/openai/api-request.ts';
import type { TokenLogprob, ToolCallDelta } from '../../../../src/protocol/openai/chat-choice.ts';
import type { Relay } from '../../../../src/relay/relay.ts';

export interface TestRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly ip?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Choice {
  readonly index: number;
  readonly delta: {
    readonly content?: string | null;
    readonly role?: string;
    readonly tool_calls?: readonly ToolCallDelta[];
  };
  readonly logprobs: { readonly content: readonly TokenLogprob[] } | null;
  readonly finish_reason: string | null;
  readonly token_ids?: number[];
}

/** An event of a stream, as far as tests look. */
export interface StreamEvent {
  readonly choices: readonly Choice[];
  readonly prompt_token_ids?: number[];
  readonly usage?: unknown;
  readonly error?: { readonly code: string };
}

/** One request and what came of it. */
export class TestAgent {
  status = 0;
  headers: Readonly<Record<string, string>> = {};
  /** The whole body so far. */
  text = '';
  ended = false;
  unread = 0;
  readonly answered: Promise<void>;
  #gone: () => void = () => {};

  constructor(relay: Relay, given: TestRequest) {
    const { method = 'GET', path = '/', query = '', ip = '127.0.0.1', headers = {}, body = '' } = given;
    const request: ApiRequest = {
      method,
      path,
      query: new URLSearchParams(query),
      ip,
      header: (name) => headers[name],
      body: async () => body,
    };
    const reply: ApiReply = {
      send: (status, sent, text) => void Object.assign(this, { status, headers: sent, text, ended: true }),
      begin: (status, sent) => void Object.assign(this, { status, headers: sent }),
      write: (text) => void (this.text += text),
      end: () => void (this.ended = true),
      buffered: () => this.unread,
      onGone: (run) => (this.#gone = run),
    };
    this.answered = relay.answer(request, reply);
  }

  leave(): void {
    this.#gone();
  }

  get job(): Hex {
    return this.headers['x-afterglow-job'] as Hex;
  }

  get json(): Record<string, never> & {
    error?: { code: string; param: string | null; type: string; message: string };
  } {
    return JSON.parse(this.text);
  }

  /** The data events of a stream, without `[DONE]`. */
  get events(): StreamEvent[] {
    const data = this.text.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]');
    return data.map((line) => JSON.parse(line.slice(6)) as StreamEvent);
  }

  get comments(): string[] {
    return this.text.split('\n').filter((line) => line.startsWith(': '));
  }

  /** Of one choice, in order. */
  choice(index: number): Choice[] {
    return this.events
      .flatMap((event) => ('choices' in event ? event.choices : []))
      .filter((choice) => choice.index === index);
  }

  textOf(index: number): string {
    return this.choice(index)
      .map(({ delta }) => delta.content ?? '')
      .join('');
  }

  get done(): boolean {
    return this.text.endsWith('data: [DONE]\n\n');
  }

  get content(): string {
    return this.events.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('');
  }

  get tokenIds(): number[] {
    return this.events.flatMap(({ choices }) => choices?.[0]?.token_ids ?? []);
  }

  get errorCode(): string | undefined {
    return this.text.startsWith('{') ? this.json.error?.code : this.events.at(-1)?.error?.code;
  }

  get finish(): string | null | undefined {
    return this.events.findLast(({ choices }) => choices?.[0])?.choices[0]?.finish_reason;
  }
}
