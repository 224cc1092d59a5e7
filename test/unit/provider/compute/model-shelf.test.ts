import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { choicesOf, readShelf, wantedFiles } from '../../../../src/provider/compute/model-shelf.ts';

afterEach(() => vi.unstubAllGlobals());

/** The page's own files, without those of `missing`. */
function serve(missing: RegExp, change = (text: string): string => text): void {
  vi.stubGlobal('fetch', async ({ pathname }: URL) =>
    missing.test(pathname)
      ? new Response(null, { status: 404 })
      : new Response(change(readFileSync(`public${pathname}`, 'utf8'))),
  );
}

const root = new URL('https://page.example/');

describe('readShelf', () => {
  it('has what the catalogue names a manifest of, and where its files may be had', async () => {
    const mirror = 'https://mirror.example/models/shakespeare-1m/';
    serve(/^$/, (text) => text.replace(/"mirrors": \[\]/, `"mirrors": ["${mirror}"]`));
    const shelf = await readShelf(root);
    expect(choicesOf(shelf).map(({ id }) => id)).toEqual(
      expect.arrayContaining(['shakespeare-1m-q4', 'shakespeare-4m-fp32']),
    );
    const model = shelf.models.find(({ manifest }) => manifest.id === 'shakespeare-1m')!;
    const graph = wantedFiles(model, 'q4').find(({ path }) => path.endsWith('.onnx'))!;
    const own = 'https://page.example/models/shakespeare-1m/';
    expect(graph.urls.map(String)).toEqual([`${own}model_q4.onnx`, `${mirror}model_q4.onnx`]);
  });

  it('goes without a model whose manifest can’t be read', async () => {
    serve(/shakespeare-4m/);
    const shelf = await readShelf(root);
    expect([...shelf.faults]).toMatchObject([
      ['shakespeare-4m', { code: 'download_failed', data: { status: 404 } }],
    ]);
    expect(choicesOf(shelf).map(({ id }) => id)).not.toContain('shakespeare-4m-fp32');
  });

  it('says why there is nothing at all', async () => {
    serve(/manifest\.json$/);
    await expect(readShelf(root)).rejects.toMatchObject({
      code: 'download_failed',
      data: { file: 'manifest.json' },
    });
    serve(/catalog\.json$/);
    await expect(readShelf(root)).rejects.toMatchObject({
      code: 'download_failed',
      data: { file: 'catalog.json' },
    });
    serve(/^$/, () => '<html>');
    await expect(readShelf(root)).rejects.toMatchObject({ code: 'catalog_invalid' });
  });
});
