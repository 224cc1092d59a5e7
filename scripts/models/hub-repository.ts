import { z } from 'zod';

/** A file of a repository, by what the hub says of it. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of files that the hub keeps as large ones: what it says their SHA-256 is. */
  readonly sha256?: string;
}

/** A model repository at one commit. */
export interface HubRepository {
  /** `owner/name`. */
  readonly name: string;
  readonly commit: string;
  readonly files: ReadonlyMap<string, HubFile>;
  /** Where a file of this commit is downloaded. */
  readonly urlOf: (path: string) => URL;
}

const revisionSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.number(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.number() }).optional(),
  }),
);

/**
 * Looks a repository up by the HTTP interface of the Hugging Face Hub, and holds on to the commit that the revision
 * means right now.
 * @param repository its address, for example `https://huggingface.co/onnx-community/Qwen3-0.6B-ONNX`
 */
export async function readHubRepository(repository: URL, revision: string): Promise<HubRepository> {
  const name = repository.pathname.replace(/^\/|\/$/g, '');
  const api = `/api/models/${name}`;
  const { sha } = revisionSchema.parse(
    await readJson(new URL(`${api}/revision/${encodeURIComponent(revision)}`, repository)),
  );
  const tree = treeSchema.parse(await readJson(new URL(`${api}/tree/${sha}?recursive=true`, repository)));
  const files = tree
    .filter(({ type }) => type === 'file')
    .map(({ path, size, lfs }): [string, HubFile] => [
      path,
      { path, bytes: lfs?.size ?? size, ...(lfs ? { sha256: lfs.oid } : {}) },
    ]);
  return {
    name,
    commit: sha,
    files: new Map(files),
    urlOf: (path) => new URL(`/${name}/resolve/${sha}/${path}`, repository),
  };
}

async function readJson(url: URL): Promise<unknown> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answers ${response.status}.`);
  return response.json();
}
