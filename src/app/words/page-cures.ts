const cures: Readonly<Record<string, string>> = {
  insecure_context: 'Open this page by https://, or on localhost.',
  key_unreadable: 'Open the wallet above and restore it from your backup.',
  storage_failed: 'Allow this site to store data, and leave private browsing if you are in it.',
  storage_full: 'Free some space on the disk or in the browser’s site data.',
  worker_failed: 'It was started anew: press start again.',
};

/** What helps against a failure of the page itself; lending's own errors bring their cure along. */
export function pageCure(code: string): string {
  return cures[code] ?? 'Reload the page.';
}
