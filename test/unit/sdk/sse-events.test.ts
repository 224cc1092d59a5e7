import { describe, expect, it } from 'vitest';
import { parseChatChunk, withoutIds } from '../../../src/sdk/chat-chunk.ts';
import { readEvents, type SseEvent } from '../../../src/sdk/sse-events.ts';

function bodyOf(text: string, pieceBytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const all = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= all.length) return controller.close();
      controller.enqueue(all.slice(at, (at += pieceBytes)));
    },
  });
}

async function collect(text: string, pieceBytes = 1): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of readEvents(bodyOf(text, pieceBytes))) events.push(event);
  return events;
}

describe('server-sent events', () => {
  it.each([1, 2, 3, 7, 1000])('are the same bytes again, read %i bytes at a time', async (pieceBytes) => {
    const text =
      '\uFEFF: hi\n\ndata: {"a":"ü😀"}\r\n\r\nevent: x\ndata: 1\ndata:2\n\n\n\ndata: [DONE]\n\ndata: rest';
    const events = await collect(text, pieceBytes);
    expect(events.map(({ raw }) => raw).join('')).toBe(text);
    expect(events.map(({ name, data }) => [name, data])).toContainEqual(['x', '1\n2']);
    expect(events.at(-1)?.data).toBe('rest');
  });

  it('refuses one without end', async () => {
    await expect(collect(`data: ${'x'.repeat(9 * 1024 * 1024)}`, 1 << 20)).rejects.toMatchObject({
      code: 'answer_malformed',
    });
  });
});

describe('ids that the caller did not ask for', () => {
  const take = (raw: string): string | undefined => {
    const chunk = parseChatChunk(raw.slice(6));
    return chunk && withoutIds(raw, chunk);
  };

  it('go, and every other byte stays', () => {
    const text = '{"content": ",\\"token_ids\\":[1,2] \\u00fc"}';
    const raw = `data: {"id":"1", "choices":[{"index":0,"delta":${text},"finish_reason":null,"token_ids":[5, 6]}]}\n\n`;
    expect(take(raw)).toBe(
      `data: {"id":"1", "choices":[{"index":0,"delta":${text},"finish_reason":null}]}\n\n`,
    );
  });

  it('take their event along where it had nothing else', () => {
    const event = (choice: string): string => `data: {"choices":[{"index":0,${choice}}]}\n\n`;
    expect(take(event('"delta":{"content":""},"finish_reason":null,"token_ids":[5]'))).toBeUndefined();
    expect(take(event('"delta":{"content":""},"finish_reason":"stop","token_ids":[5]'))).toBe(
      event('"delta":{"content":""},"finish_reason":"stop"'),
    );
    expect(take('data: {"choices":[{"delta":{"role":"assistant"}}],"prompt_token_ids":[]}\n\n')).toBe(
      'data: {"choices":[{"delta":{"role":"assistant"}}]}\n\n',
    );
  });
});
