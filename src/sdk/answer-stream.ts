import { utf8 } from '../core/bytes.ts';

/** Unread bytes up to which an answer is read ahead: what is read is counted and paid, what is not stalls. */
const READ_AHEAD = 256 * 1024;

/**
 * Texts as a body. Reads ahead of its reader a little, so that a reader who is slow for a moment does not hold up
 * what is paid; one who is slow for long holds up the relay.
 * @param abort aborted where the reader gives up; its signal, or `outer`, ends the texts and the body
 */
export function streamOf(
  texts: AsyncGenerator<string>,
  abort: AbortController,
  outer: AbortSignal,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const end = async (): Promise<void> => {
    abort.abort();
    // Waits for a text that is being read; that fails with the request's signal.
    await texts.return(undefined).catch(() => {});
  };
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start(controller) {
        outer.addEventListener(
          'abort',
          () => {
            controller.error(outer.reason);
            void end();
          },
          { once: true },
        );
      },
      async pull(controller) {
        const { done, value } = await texts.next();
        if (outer.aborted) return;
        if (done) controller.close();
        else controller.enqueue(utf8(value) as Uint8Array<ArrayBuffer>);
      },
      cancel: end,
    },
    { highWaterMark: READ_AHEAD, size: (chunk) => chunk.byteLength },
  );
}
