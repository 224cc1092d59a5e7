import { createFolderSite } from './folder-site.ts';
import { HUB, openHubSite, parseHubAddress } from './hub-site.ts';
import type { ModelSite } from './model-site.ts';
import { createWebSite } from './web-site.ts';

/** A model by where it lies: a folder, a repository of the hub, or any place on the web. */
export async function openModelSite(where: string, hub = HUB): Promise<ModelSite> {
  const url = /^https?:\/\//.test(where) ? new URL(where) : undefined;
  if (!url) return createFolderSite(where);
  const address = parseHubAddress(url, hub);
  if (address) return openHubSite(address, hub);
  return createWebSite(new URL(url.href.endsWith('/') ? url : `${url.href}/`));
}
