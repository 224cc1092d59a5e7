import { z } from 'zod';

const noteSchema = z.object({
  finished: z.boolean(),
  /** In ms since the epoch. */
  usedAt: z.number(),
  origin: z.object({ url: z.string(), etag: z.string().exactOptional() }).exactOptional(),
});

/** What is known of a stored file beside its bytes. */
export type FileNote = Readonly<z.infer<typeof noteSchema>>;

/** Nothing where there is no note, or one that a crash cut in two: its file then counts as unfinished. */
export async function readNote(
  folder: FileSystemDirectoryHandle,
  sha256: string,
): Promise<FileNote | undefined> {
  try {
    const handle = await folder.getFileHandle(`${sha256}.json`);
    return noteSchema.safeParse(JSON.parse(await (await handle.getFile()).text())).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    if (error instanceof DOMException && error.name === 'NotFoundError') return undefined;
    throw error;
  }
}

export async function writeNote(
  folder: FileSystemDirectoryHandle,
  sha256: string,
  note: FileNote,
): Promise<void> {
  const handle = await folder.getFileHandle(`${sha256}.json`, { create: true });
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    access.write(new TextEncoder().encode(JSON.stringify(note)), { at: 0 });
    access.flush();
  } finally {
    access.close();
  }
}
