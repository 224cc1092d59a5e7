import { z } from 'zod';
import { CodedError } from '../../../core/errors.ts';
import type { ModelSite } from './model-site.ts';
import { fetchText, fingerprintUrl, openUrl } from './web-site.ts';

export const HUB = 'https://huggingface.co';

/** A repository and a revision of it, as an address names them. */
export interface HubAddress {
  readonly repository: string;
  readonly revision: string;
}

const revisionSchema = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/) });
const treeSchema = z.array(
  z.object({
    type: z.string(),
    path: z.string(),
    size: z.int(),
    /** Large files are known by their SHA-256. */
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: z.int() }).optional(),
  }),
);

/** Reads `https://huggingface.co/owner/name`, with `/tree/REVISION` or `/resolve/REVISION` behind it or without. */
export function parseHubAddress(url: URL, hub: string): HubAddress | undefined {
  if (url.origin !== new URL(hub).origin) return undefined;
  const [, owner, name, kind, ...rest] = url.pathname.replace(/\/$/, '').split('/');
  if (!owner || !name) return undefined;
  const repository = `${owner}/${name}`;
  if (kind === undefined) return { repository, revision: 'main' };
  return kind === 'tree' || kind === 'resolve' ? { repository, revision: rest.join('/') } : undefined;
}

/**
 * A repository of the Hugging Face hub, at the commit that the revision means now. Large files are hashed there
 * already, so none is downloaded.
 */
export async function openHubSite({ repository, revision }: HubAddress, hub: string): Promise<ModelSite> {
  const api = new URL(`/api/models/${repository}/`, hub);
  const json = async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
    const parsed = schema.safeParse(JSON.parse(await fetchText(new URL(path, api), repository)));
    if (parsed.success) return parsed.data;
    throw new CodedError('download_failed', `${api.host} answers in a form that is not known.`, { path });
  };
  const { sha } = await json(`revision/${encodeURIComponent(revision)}`, revisionSchema);
  const tree = await json(`tree/${sha}?recursive=true`, treeSchema);
  const files = new Map(tree.flatMap((entry) => (entry.type === 'file' ? [[entry.path, entry]] : [])));
  const place = (path: string): URL => new URL(`/${repository}/resolve/${sha}/${path}`, hub);
  return {
    name: repository.split('/')[1] ?? repository,
    list: async () => [...files.keys()],
    urlOf: (path) => place(path).href,
    text: (path) => fetchText(place(path), path),
    open: (path) => openUrl(place(path), path, files.get(path)?.size),
    async fingerprint(path, tell) {
      const lfs = files.get(path)?.lfs;
      return lfs ? { bytes: lfs.size, sha256: lfs.oid } : fingerprintUrl(place(path), path, tell);
    },
  };
}
