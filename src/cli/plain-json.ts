/** JSON for programs: amounts as decimal strings. */
export function plainJson(value: object): string {
  return JSON.stringify(value, (_name, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
