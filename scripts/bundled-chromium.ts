/** The Chromium for Linux on x64 that lies, compressed, in an npm package together with the libraries it needs. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const unpackedAt = join(dirname(import.meta.dirname), '.cache', 'chromium');

/** Where a browser's program lies, and what its process needs beside our flags. */
export interface FoundBrowser {
  readonly executablePath: string;
  readonly bundled: boolean;
  readonly env: Record<string, string>;
}

/**
 * Unpacks the bundled Chromium, its shared libraries and its font beside each other, once for each version. The
 * finished folder appears by a rename, so that two processes may do this at once.
 */
export async function unpackBundled(): Promise<FoundBrowser> {
  const entry = fileURLToPath(import.meta.resolve('@sparticuz/chromium'));
  const home = dirname(dirname(entry));
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as { version: string };
  const folder = join(unpackedAt, version);
  if (!existsSync(folder)) {
    const unfinished = `${folder}.${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    await unpack(join(home, 'bin'), unfinished);
    await rename(unfinished, folder).catch(async (error: unknown) => {
      await rm(unfinished, { recursive: true });
      if (!existsSync(folder)) throw error;
    });
  }
  const libraries = [join(folder, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':');
  return {
    executablePath: join(folder, 'chromium'),
    bundled: true,
    env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: folder },
  };
}

async function unpack(archives: string, folder: string): Promise<void> {
  const { inflate } = await import('@sparticuz/chromium');
  // `inflate` writes into the folder for temporary files, wherever that is at the call.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  try {
    const files = ['chromium.br', 'swiftshader.tar.br', 'al2023.tar.br', 'fonts.tar.br'];
    await Promise.all(files.map((file) => inflate(join(archives, file))));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  await writeFile(join(folder, 'fonts.conf'), fontConfiguration);
}

/** The packaged font first, then whatever the machine has; the archive's own file names folders of another system. */
const fontConfiguration = `<?xml version="1.0"?>
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;
