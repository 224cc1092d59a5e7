import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import type { LibraryModel } from '../../../src/provider/models/library-model.ts';
import { button, closePage, expectSound, open, remembered, saved } from './open-page.ts';
import { StandInDesk } from './stand-in-desk.ts';
import { libraryModel, StandInModels, variant } from './stand-in-models.ts';

afterEach(closePage);

const kept = { state: 'kept', bytes: 16_600_000, frees: 16_500_000, usedAt: Date.now() } as const;
const receiving = {
  name: 'active',
  progress: { step: 'receiving', bytes: 5e6, total: 16.6e6, rate: 3e6, leftMs: 4_000 },
} as const;
const full = {
  name: 'failed',
  error: {
    code: 'storage_full',
    message: 'No room.',
    cure: '',
    data: { needed: 2e9, room: 8e8, short: 1.2e9 },
  },
} as const;
const everything: LibraryModel[] = [
  libraryModel('shakespeare-1m', {
    variants: [
      variant('shakespeare-1m-fp32', 'fp32', kept),
      variant('shakespeare-1m-q4', 'q4', { state: 'part', bytes: 5e6, frees: 5e6, transfer: receiving }),
    ],
  }),
  libraryModel('shakespeare-4m', {
    name: 'Shakespeare 4M',
    variants: [
      variant('shakespeare-4m-fp32', 'fp32', { state: 'part', bytes: 1e6, frees: 1e6 }),
      variant('shakespeare-4m-q4', 'q4', { transfer: full }),
    ],
  }),
  libraryModel('big', {
    name: 'A model with a rather long name that somebody thought of, Instruct (WebLLM)',
    engine: 'webllm',
    obstacle: 'engine',
    repository: 'https://huggingface.co/mlc-ai/x',
    tools: true,
    variants: [{ ...variant('big-q4f16_1', 'q4f16_1', { f16: true }), memoryBytes: 5_000_000_000 }],
  }),
];

async function openModels(models = new StandInModels()): Promise<StandInModels> {
  await open(new StandInDesk(), { place: 'models', models });
  return models;
}

/** By hand: Playwright can't reach what lies below the frame that the test runs in. */
async function unfold(): Promise<void> {
  await expect.poll(() => document.querySelector('summary')).not.toBeNull();
  for (const summary of document.querySelectorAll('summary')) summary.click();
}

describe('the page’s models', () => {
  it('downloads, pauses, goes on and cancels, and remembers what a reload shall go on with', async () => {
    const models = await openModels();
    await button('Download Shakespeare 1M fp32').click();
    expect(remembered).toEqual(['shakespeare-1m-fp32']);
    const show = (changes: Parameters<typeof variant>[2]): void =>
      models.show([
        libraryModel('shakespeare-1m', { variants: [variant('shakespeare-1m-fp32', 'fp32', changes)] }),
      ]);
    show({ state: 'part', bytes: 5e6, frees: 5e6, transfer: receiving });
    await expect.element(page.getByText('5.0 MB of 17 MB, 3.0 MB/s, 4 s left')).toBeVisible();
    await button('Pause Shakespeare 1M fp32').click();
    expect(remembered).toEqual([]);
    show({ state: 'part', bytes: 5e6, frees: 5e6 });
    await expect.element(page.getByText('5.0 MB of 17 MB, paused')).toBeVisible();
    await button('Resume Shakespeare 1M fp32').click();
    await button('Cancel Shakespeare 1M fp32').click();
    expect(models.asked).toEqual(
      ['download', 'pause', 'download', 'remove'].map((act) => `${act} shakespeare-1m-fp32`),
    );
    expect(remembered).toEqual([]);
  });

  it('asks before it deletes, and says what that frees', async () => {
    const models = await openModels();
    models.show(everything);
    await button('Delete Shakespeare 1M fp32').click();
    await expect.element(page.getByText('Delete 17 MB?')).toBeVisible();
    await button('Keep').click();
    expect(models.asked).toEqual([]);
    await button('Delete Shakespeare 1M fp32').click();
    await page.getByRole('button', { name: 'Delete', exact: true }).first().click();
    expect(models.asked).toEqual(['remove shakespeare-1m-fp32']);
  });

  it('says how much room is missing, and deletes only what its owner names', async () => {
    const models = await openModels();
    models.show(everything);
    const alert = page.getByRole('alert');
    await expect.element(alert).toMatchTextContent(/1\.2 GB are missing/);
    await alert.getByRole('button', { name: 'Delete Shakespeare 1M, fp32' }).click();
    await alert.getByRole('button', { name: 'Try again' }).click();
    expect(models.asked).toEqual(['remove shakespeare-1m-fp32', 'download shakespeare-4m-q4']);
  });

  it('chooses a model that is here for lending', async () => {
    const models = await openModels();
    models.show([
      libraryModel('shakespeare-4m', {
        name: 'Shakespeare 4M',
        variants: [variant('shakespeare-4m-q4', 'q4', kept)],
      }),
    ]);
    await button('Choose Shakespeare 4M q4').click();
    expect(saved.at(-1)).toMatchObject({ model: 'shakespeare-4m-q4' });
    await expect.element(page.getByText('Chosen to lend')).toBeVisible();
  });

  it('offers no download of what it can’t lend, and says why', async () => {
    const models = await openModels();
    models.show(everything.slice(2));
    await unfold();
    await expect.element(page.getByText(/an engine that this page does not have/)).toBeVisible();
    await expect.element(page.getByRole('link', { name: /^Source of/ })).toBeVisible();
    await expect.element(button(/Download/)).not.toBeInTheDocument();
  });

  it('says so where the browser keeps nothing, and whether it may clear what it keeps', async () => {
    const models = await openModels();
    models.show([libraryModel('m')], { lasting: false });
    await expect.element(page.getByText(/This window keeps nothing/)).toBeVisible();
    await expect.element(button('Download Shakespeare 1M q4')).toBeDisabled();
    models.show([libraryModel('m')], { persisted: false, strays: 5_000_000 });
    await expect.element(page.getByText(/may clear them when the disk runs full/)).toBeVisible();
    await button('Delete those').click();
    expect(models.asked).toEqual(['remove strays']);
  });

  it.each([
    [390, 844],
    [1280, 900],
  ])('fit %d px without horizontal scrolling, and have no fault that axe finds', async (width, height) => {
    await page.viewport(width, height);
    const models = await openModels();
    models.show(everything);
    await expect.element(page.getByText(/1\.2 GB are missing/)).toBeVisible();
    await unfold();
    await expectSound(width);
  });
});
