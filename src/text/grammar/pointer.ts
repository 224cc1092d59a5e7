import { unsupported } from './schema-errors.ts';

/** What `$ref` points to within its document: `#`, `#/$defs/a`. @param path of the schema that refers */
export function resolvePointer(document: unknown, reference: string, path: string): unknown {
  const missing = (why: string): Error => unsupported(path, '$ref', `'${reference}' ${why}.`);
  if (reference !== '#' && !reference.startsWith('#/')) {
    throw missing('is not a place in this schema, such as #/$defs/name');
  }
  let target = document;
  for (const step of reference.split('/').slice(1)) {
    const key = unescape(step);
    const found =
      typeof target === 'object' && target !== null && key !== undefined && Object.hasOwn(target, key);
    if (!found) throw missing('does not exist');
    target = (target as Record<string, unknown>)[key];
  }
  return target;
}

function unescape(step: string): string | undefined {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

/** The schema that a chain of references ends at, or the last one that a cycle reaches. */
export function followReferences(document: unknown, schema: unknown): unknown {
  const seen = new Set<unknown>();
  let target = schema;
  while (!seen.has(target)) {
    seen.add(target);
    const reference = (target as { $ref?: unknown } | null | undefined)?.$ref;
    if (typeof reference === 'string') target = resolvePointer(document, reference, '#');
  }
  return target;
}
