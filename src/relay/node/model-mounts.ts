import type { PageSources } from './content-security.ts';
import type { NamedModel } from './model-folder.ts';
import { createStaticFiles, type StaticFiles } from './static-files.ts';

/**
 * Serves the models that were named by their folders, each below `/models/ID/`: where those of the page lie, too. Of a
 * folder, nobody gets what the manifest does not list.
 */
export function createModelMounts(named: readonly NamedModel[], sources: PageSources): StaticFiles {
  const mounts = named.flatMap(({ id, folder, paths }) =>
    folder === undefined
      ? []
      : [{ path: `/models/${id}/`, paths: new Set(paths), files: createStaticFiles(folder, sources) }],
  );
  return async (request, response, path) => {
    const mount = mounts.find((one) => path.startsWith(one.path));
    const rest = mount ? path.slice(mount.path.length) : '';
    return mount !== undefined && mount.paths.has(rest) && mount.files(request, response, rest);
  };
}

/** Where the page must be allowed to connect to, so that it can load these models. */
export function originsOf(named: readonly NamedModel[]): string[] {
  const origins = named.flatMap((one) => one.origins);
  return [...new Set(origins.flatMap((origin) => [origin, ...behind(origin)]))];
}

/** Hosts that others send a browser on to for their large files. */
function behind(origin: string): readonly string[] {
  return origin === 'https://huggingface.co' ? ['https://*.hf.co', 'https://*.huggingface.co'] : [];
}
