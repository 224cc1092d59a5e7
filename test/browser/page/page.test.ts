import { afterEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { CodedError } from '../../../src/core/errors.ts';
import type { LenderState, LenderStatus } from '../../../src/provider/compute/lender-status.ts';
import { button, closePage, connected, expectSound, open, saved } from './open-page.ts';
import { forged, INCOME, signedAttempt, StandInDesk } from './stand-in-desk.ts';

afterEach(closePage);

const streams = [1, 2, 3].map((n) => ({
  job: `0x${`${n}`.repeat(32)}` as const,
  lease: 0,
  promptTokens: 100_000,
  prior: 96,
  tokens: 1_000,
  maxTokens: 100_000,
  earned: '30685000',
  startedAt: 0,
}));
const states: readonly (readonly [string, LenderState, Partial<LenderStatus>])[] = [
  ['idle', { name: 'idle' }, {}],
  [
    'downloading',
    {
      name: 'loading',
      model: 'm',
      progress: { phase: 'download', step: 'receiving', bytes: 5e6, total: 1e7, rate: 1e6, leftMs: 5_000 },
    },
    {},
  ],
  ['preparing', { name: 'loading', model: 'm', progress: { phase: 'prepare' } }, {}],
  [
    'out of reach',
    {
      name: 'connecting',
      failures: 2,
      retryAt: Date.now() + 9_000,
      last: { code: 'relay_unreachable', message: 'The relay can’t be reached.' },
    },
    {},
  ],
  ['waiting', { name: 'waiting', reason: 'no_jobs' }, connected],
  ['serving', { name: 'serving' }, { ...connected, streams, tokensPerSecond: 123_456 }],
  ['earning', { name: 'serving' }, { ...connected, streams, tokensPerSecond: 64, income: INCOME }],
  [
    'earning much',
    { name: 'serving' },
    {
      ...connected,
      income: {
        ...INCOME,
        accrued: '99999999999999',
        vested: '88888888888888',
        paid: '123456789999999999',
        payout: {
          name: 'failed',
          code: 'chain_unreachable',
          message: 'The chain does not answer.',
          retryAt: 1,
        },
      },
    },
  ],
  [
    'held',
    {
      name: 'held',
      reason: { code: 'credit_limit', message: 'The relay owes as much as you trust it with.', cure: 'Ask.' },
    },
    { ...connected, income: INCOME },
  ],
  ['paused', { name: 'paused', reason: { code: 'paused', message: '' } }, connected],
  [
    'error',
    {
      name: 'error',
      error: { code: 'model_corrupt', message: 'model.onnx is damaged.', cure: 'Press start again.' },
    },
    {},
  ],
];

describe('the page', () => {
  it('starts, pauses, resumes and stops', async () => {
    const desk = new StandInDesk();
    await open(desk);
    await button('Start lending').click();
    expect(desk.asked).toEqual(['start shakespeare-1m-fp32 webgpu']);
    desk.show({ name: 'waiting', reason: 'no_jobs' }, connected);
    await expect.element(page.getByText('Online, but not earning')).toBeVisible();
    await button('Pause').click();
    desk.show({ name: 'paused', reason: { code: 'paused', message: '' } });
    await button('Resume').click();
    await button('Stop lending').click();
    desk.show({ name: 'idle' });
    await expect.element(button('Start lending')).toBeEnabled();
    expect(desk.asked.slice(1)).toEqual(['pause paused', 'resume paused', 'stop']);
  });

  it('can be worked with the keyboard alone', async () => {
    const desk = new StandInDesk();
    await open(desk);
    await expect.element(button('Start lending')).toBeEnabled();
    (document.querySelector('.header button') as HTMLElement).focus();
    await userEvent.tab();
    await userEvent.tab();
    expect(document.activeElement?.textContent).toBe('Start lending');
    await userEvent.keyboard('{Enter}');
    expect(desk.asked).toHaveLength(1);
    desk.show({ name: 'serving' }, { ...connected, streams });
    await expect.element(button('Pause')).toBeVisible();
  });

  it('says what went wrong and what helps, and lets one try again', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show(states.at(-1)![1]);
    const alert = page.getByRole('alert');
    await expect.element(alert).toMatchTextContent(/model\.onnx is damaged\./);
    await expect.element(alert).toMatchTextContent(/Press start again\./);
    await expect.element(alert).toMatchTextContent(/model_corrupt/);
    await expect.element(button('Start lending')).toBeEnabled();
  });

  it('lends any model by the address of its manifest', async () => {
    const desk = new StandInDesk();
    await open(desk);
    const picker = page.getByRole('combobox', { name: /^Model/ });
    await picker.selectOptions('Another one, by its address…');
    const address = page.getByLabelText('Address of the model’s manifest');
    await address.fill('qwen3');
    await button('Use it').click();
    await expect.element(page.getByText(/with the variant behind the #/)).toBeVisible();
    await expectSound(innerWidth);
    await address.fill('https://models.example/qwen3-0.6b/manifest.json#q4');
    await button('Use it').click();
    await expect.element(page.getByText(/Start, and qwen3-0\.6b, q4 loads in this tab/)).toBeVisible();
    expect(saved.at(-1)).toMatchObject({ model: 'https://models.example/qwen3-0.6b/manifest.json#q4' });
    await button('Start lending').click();
    expect(desk.asked).toEqual(['start https://models.example/qwen3-0.6b/manifest.json#q4 webgpu']);
  });

  it('lends a software adapter only where the owner says so', async () => {
    const desk = new StandInDesk();
    desk.gpu = { ...desk.gpu, software: true, name: 'SwiftShader' };
    await open(desk);
    await expect.element(button('Start lending')).toBeDisabled();
    await button('Lend it all the same').click();
    await expect.element(button('Start lending')).toBeEnabled();
    expect(saved.at(-1)).toMatchObject({ allowSoftware: true });
  });

  it('offers the CPU where there is no GPU', async () => {
    const desk = new StandInDesk();
    desk.gpu = {
      webgpu: false,
      reason: 'This browser has no WebGPU.',
      name: '',
      gpuClass: '',
      software: false,
    };
    await open(desk);
    await expect.element(page.getByText('This browser has no WebGPU.')).toBeVisible();
    await button('Use the CPU instead').click();
    await button('Lend it all the same').click();
    await button('Start lending').click();
    expect(desk.asked).toEqual(['start shakespeare-1m-fp32 wasm']);
  });

  it('announces its state, but not each number', async () => {
    const desk = new StandInDesk();
    await open(desk);
    const live = document.querySelector('[aria-live="polite"]');
    expect(live?.textContent).toContain('Your GPU is idle');
    desk.show({ name: 'serving' }, { ...connected, streams, tokensPerSecond: 99 });
    await expect.element(page.getByText('99', { exact: true })).toBeVisible();
    expect(live?.textContent).toBe('Serving 3 streams');
    const heard: string[] = [];
    const observer = new MutationObserver(() => heard.push(live?.textContent ?? ''));
    observer.observe(live!, { subtree: true, childList: true, characterData: true });
    for (const bytes of [1e6, 2e6, 3e6]) {
      const progress = { phase: 'download', step: 'receiving', bytes, total: 1e7, rate: 0 } as const;
      desk.show({ name: 'loading', model: 'm', progress });
      await expect.element(page.getByText(new RegExp(`${bytes / 1e6}.0 MB of`))).toBeVisible();
    }
    observer.disconnect();
    expect(new Set(heard)).toEqual(new Set(['Downloading Shakespeare 1M']));
  });

  it('checks the signatures of its receipts, and shows them one by one', async () => {
    const desk = new StandInDesk();
    const good = await signedAttempt(`0x${'01'.repeat(16)}`, 40);
    desk.rows = [good, forged(good)];
    await open(desk);
    await expect.element(page.getByText('Verified')).toBeVisible();
    await expect.element(page.getByText('Invalid')).toBeVisible();
    await button(/40 tokens.*Verified/).click();
    const dialog = page.getByRole('dialog');
    await expect.element(dialog).toMatchTextContent(/0–31/);
    await expect.element(dialog.getByText('valid', { exact: true }).first()).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(dialog).not.toBeInTheDocument();
  });

  it('shows the address, and the private key only when asked', async () => {
    await open(new StandInDesk());
    await button(/Wallet/).click();
    const dialog = page.getByRole('dialog');
    await expect.element(dialog).not.toMatchTextContent(/0707/);
    await button('Show the private key').click();
    await expect.element(dialog).toMatchTextContent(new RegExp('07'.repeat(32)));
    await page.getByLabelText('Private key of a backup').fill('abc');
    await button('Restore').click();
    await expect.element(dialog).toMatchTextContent(/must be 64 hexadecimal digits/);
  });

  it('lets an owner whose key can’t be read restore it from a backup', async () => {
    const desk = new StandInDesk();
    desk.open = async () => {
      throw new CodedError('key_unreadable', 'The stored key can’t be decrypted.');
    };
    await open(desk);
    await expect.element(page.getByRole('alert')).toMatchTextContent(/restore it from your backup/);
    await button(/Wallet/).click();
    await page.getByLabelText('Private key of a backup').fill(`0x${'07'.repeat(32)}`);
    await button('Restore').click();
    await expect.element(page.getByText(/^Restored/)).toBeVisible();
    await userEvent.keyboard('{Escape}');
    await expect.element(button('Start lending')).toBeEnabled();
  });

  it('refuses a relay address that is none', async () => {
    await open(new StandInDesk());
    await button(/Settings/).click();
    const relay = page.getByLabelText('Relay');
    await relay.fill('https://relay.example');
    await button('Save').click();
    await expect.element(relay).toHaveAttribute('aria-invalid', 'true');
    expect(saved).toEqual([]);
    await relay.fill('wss://relay.example/v1/provider');
    await button('Save').click();
    expect(saved).toMatchObject([{ relayUrl: 'wss://relay.example/v1/provider' }]);
  });
});

describe.each(states)('%s', (_, state, changes) => {
  it.each([
    [390, 844],
    [1280, 900],
  ])('fits %d px without horizontal scrolling, and has no fault that axe finds', async (width, height) => {
    await page.viewport(width, height);
    const desk = new StandInDesk();
    desk.rows = [await signedAttempt(`0x${'01'.repeat(16)}`, 40)];
    await open(desk);
    desk.show(state, changes);
    await expect.element(page.getByText('Verified')).toBeVisible();
    await expectSound(width);
  });
});
