import { CodedError } from '../core/errors.ts';

/** One server-sent event as it came, and what it says. A block of comments only has neither name nor data. */
export interface SseEvent {
  /** The bytes' text with the blank line that ended it: writing all of them again gives the same stream. */
  readonly raw: string;
  readonly name: string | undefined;
  readonly data: string | undefined;
}

/** No honest event is larger (the prompt's ids come in one). */
const LONGEST_EVENT = 8 * 1024 * 1024;

const BOUNDARY = /\r\n\r\n|\n\n|\r\r/;

/**
 * Splits a body into events. What follows the last blank line comes as a last event.
 * @throws CodedError `answer_malformed` for an event without end; whatever reading the body throws
 */
export async function* readEvents(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<SseEvent> {
  const reader = body.getReader();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      for (let end = BOUNDARY.exec(rest); end; end = BOUNDARY.exec(rest)) {
        const length = end.index + end[0].length;
        yield eventOf(rest.slice(0, length));
        rest = rest.slice(length);
      }
      if (rest.length > LONGEST_EVENT)
        throw new CodedError('answer_malformed', 'The relay sent an event without end.');
      if (done) break;
    }
    if (rest !== '') yield eventOf(rest);
  } finally {
    // Where the stream has ended or failed there is nothing left to give up.
    await reader.cancel().catch(() => {});
  }
}

function eventOf(raw: string): SseEvent {
  let name: string | undefined;
  const data: string[] = [];
  for (const line of raw.split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^(event|data)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') name = value;
    if (field === 'data') data.push(value);
  }
  return { raw, name, data: data.length > 0 ? data.join('\n') : undefined };
}
