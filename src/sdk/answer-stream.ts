import { utf8 } from '../core/bytes.ts';

/** Unread bytes up to which an answer is read ahead: what is read is counted and paid, what is not stalls. */
const READ_AHEAD = 256 * 1024;

/**
 * Texts as a body. Reads ahead of its reader a little, so that a reader who is slow for a moment does not hold up
 * what is paid; one who is slow for long holds up the relay.
 * @param onCancel called where the reader gives up
 */
export function streamOf(
  texts: AsyncGenerator<string>,
  onCancel: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        const { done, value } = await texts.next();
        if (done) controller.close();
        else controller.enqueue(utf8(value) as Uint8Array<ArrayBuffer>);
      },
      async cancel() {
        onCancel();
        await texts.return(undefined);
      },
    },
    { highWaterMark: READ_AHEAD, size: (chunk) => chunk.byteLength },
  );
}
