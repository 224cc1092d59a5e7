/** A model that is named by the address of its manifest, in words; nothing for one of the page's own. */
export function describeAddress(model: string): string | undefined {
  const address = /^https?:\/\//.test(model) ? URL.parse(model) : null;
  if (!address) return undefined;
  const folder = address.pathname.split('/').findLast((part) => part !== '' && !part.endsWith('.json'));
  const variant = address.hash === '' ? '' : `, ${address.hash.slice(1)}`;
  return `${folder ?? address.host}${variant}`;
}

/** The fault of a manifest's address, or nothing. */
export function addressFault(text: string): string | undefined {
  if (describeAddress(text) !== undefined) return undefined;
  return 'It looks like https://models.example/qwen3-0.6b/manifest.json#q4, with the variant behind the #.';
}
