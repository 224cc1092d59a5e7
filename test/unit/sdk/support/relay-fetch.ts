import type { Relay } from '../../../../src/relay/relay.ts';
import type { Fetch } from '../../../../src/sdk/relay-endpoint.ts';

/** `fetch` straight into the handlers of a real relay. @param relay the one of now */
export function relayFetch(relay: () => Relay): Fetch {
  return (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const { method = 'GET', signal } = init;
    const headers = new Headers(init.headers ?? {});
    const body = typeof init.body === 'string' ? init.body : '';
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    let gone = (): void => {};
    signal?.addEventListener('abort', () => {
      reject(signal.reason);
      gone();
      controller?.error(signal.reason);
      controller = undefined;
    });
    const encoder = new TextEncoder();
    void relay().answer(
      {
        method,
        path: url.pathname,
        query: url.searchParams,
        ip: '203.0.113.7',
        header: (name) => headers.get(name) ?? undefined,
        body: async () => body,
      },
      {
        send: (status, sent, text) => resolve(new Response(text, { status, headers: { ...sent } })),
        begin(status, sent) {
          const stream = new ReadableStream<Uint8Array>({
            start: (own) => void (controller = own),
            cancel() {
              controller = undefined;
              gone();
            },
          });
          resolve(new Response(stream, { status, headers: { ...sent } }));
        },
        write: (text) => controller?.enqueue(encoder.encode(text)),
        end: () => controller?.close(),
        buffered: () => 0,
        onGone: (run) => void (gone = run),
      },
    );
    return promise;
  };
}
