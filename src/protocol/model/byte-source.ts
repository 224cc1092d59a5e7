/** A file that is read here and there, wherever it lies: weights may be gigabytes, what is wanted of them is not. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** `length` bytes from `at` on, both within the size. */
  read(at: number, length: number): Promise<Uint8Array>;
}

export function memorySource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (at, length) => bytes.subarray(at, at + length) };
}
