/** What is read for its hash, on standard error, for people who see it. */
export function createHashProgress(): { tell: (path: string, bytes: number) => void; end: () => void } {
  const shows = process.stderr.isTTY;
  let shown = '';
  return {
    tell(path, bytes) {
      const line = `${path}: ${Math.floor(bytes / 1e7) * 10} MB hashed`;
      if (!shows || line === shown) return;
      shown = line;
      process.stderr.write(`\r\u001b[K${line}`);
    },
    end: () => void (shown === '' || process.stderr.write('\r\u001b[K')),
  };
}
