import axe from 'axe-core';
import { afterEach, describe, expect, it } from 'vitest';
import { page } from 'vitest/browser';
import type { OwnerSignal } from '../../../src/app/owner/owner-signals.ts';
import { watchOwner } from '../../../src/app/owner/watch-owner.ts';
import { CodedError } from '../../../src/core/errors.ts';
import type { DutyStatus } from '../../../src/provider/duty/duty.ts';
import type { LenderState, LenderStatus } from '../../../src/provider/compute/lender-status.ts';
import { button, closePage, connected, open, saved } from './open-page.ts';
import { StandInDesk } from './stand-in-desk.ts';

afterEach(closePage);

const duty = (changes: Partial<DutyStatus> = {}): DutyStatus => ({
  mode: 'full',
  share: 1,
  cooling: false,
  since: 0,
  watches: true,
  ...changes,
});
const pausedBy = (code: string, message = ''): LenderState => ({ name: 'paused', reason: { code, message } });
const states: readonly (readonly [string, LenderState, Partial<LenderStatus>])[] = [
  ['yielding', pausedBy('yielding'), { duty: duty({ mode: 'yielding', share: 0 }) }],
  [
    'eased with fewer streams',
    { name: 'serving' },
    {
      duty: duty({ mode: 'eased', share: 0.25 }),
      reduction: {
        slots: 2,
        context: 2_048,
        reason: { code: 'out_of_memory', message: 'The GPU has not enough memory for this model.' },
      },
    },
  ],
  ['on battery', pausedBy('on_battery'), { duty: duty() }],
  ['unloaded', { name: 'unloaded' }, {}],
  [
    'recovering',
    {
      name: 'recovering',
      model: 'm',
      reason: { code: 'device_lost', message: 'The GPU was lost.', cure: 'Wait.' },
    },
    {},
  ],
];

describe('the owner first', () => {
  it('shows what is used of the GPU, and gives it back at a press', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show({ name: 'serving' }, { ...connected, duty: duty({ share: 0.6 }) });
    const panel = page.getByRole('region', { name: 'You first' });
    await expect.element(panel).toMatchTextContent(/60%/);
    await button('Give me my GPU back').click();
    await button('Snooze 30 min').click();
    expect(desk.asked).toEqual(['unload', 'snooze 30 min']);
    desk.show({ name: 'unloaded' }, { duty: undefined as never });
    await expect.element(page.getByText('The GPU is all yours')).toBeVisible();
    await button('Resume').click();
    expect(desk.asked.at(-1)).toBe('resume paused');
  });

  it('D2 says that it yields, and lends all the same if its owner says so', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show(...(states[0]!.slice(1) as [LenderState, Partial<LenderStatus>]));
    await expect.element(page.getByText('Yielding to you')).toBeVisible();
    await expect
      .element(page.getByRole('region', { name: 'You first' }))
      .toMatchTextContent(/0%.*goes first/);
    await button('Lend all the same').click();
    expect(desk.asked).toEqual(['forget duty']);
  });

  it('takes limits at once, also while lending', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show({ name: 'serving' }, { ...connected, duty: duty() });
    await button(/Settings/).click();
    await page.getByRole('slider').fill('40');
    await page.getByLabelText(/Memory at most/).fill('3.5');
    await page.getByLabelText(/Longest prompt/).fill('2048');
    await page.getByLabelText(/Step back/).click();
    await button('Save').click();
    const limits = { share: 0.4, giveWay: 'never', memoryBytes: 3.5e9, promptTokens: 2048 };
    expect(saved.at(-1)).toMatchObject(limits);
    expect(desk.limits.at(-1)).toMatchObject(limits);
  });

  it('pauses for what it sees of the machine while that holds, and after a fresh start again', async () => {
    let tell: (holds: boolean) => void = () => {};
    let following = 0;
    const battery: OwnerSignal = {
      wish: 'pauseOnBattery',
      reason: { code: 'on_battery', message: 'The machine runs on battery.' },
      available: () => true,
      follow: (told) => {
        following++;
        tell = told;
        return () => following--;
      },
    };
    const desk = new StandInDesk();
    const lending = await open(desk);
    const end = watchOwner(lending, [battery], { want: () => {} });
    tell(true);
    expect(desk.asked).toEqual([]);
    desk.show({ name: 'serving' }, connected);
    expect(desk.asked).toEqual(['pause on_battery']);
    tell(false);
    expect(desk.asked.at(-1)).toBe('resume on_battery');
    tell(true);
    lending.change({ pauseOnBattery: false });
    expect(desk.asked.slice(-2)).toEqual(['pause on_battery', 'resume on_battery']);
    expect(following).toBe(0);
    end();
  });
});

describe('your GPU', () => {
  it('is measured once, kept, and measured again when asked', async () => {
    const desk = new StandInDesk();
    await open(desk);
    const panel = page.getByRole('region', { name: 'Your GPU' });
    await expect.element(panel).toMatchTextContent(/at least 4\.3 GB/);
    await expect.element(panel).not.toMatchTextContent(/tokens\/s/);
    await button('Measure it').click();
    await expect.element(panel).toMatchTextContent(/642 GB\/s/);
    await expect.element(panel).toMatchTextContent(/2\.3 TFLOP\/s/);
    await expect.element(panel).toMatchTextContent(/about 4,800 tokens\/s with 4 streams/);
    await expect.element(panel).toMatchTextContent(/no half precision/);
    await open(new StandInDesk());
    await expect.element(panel).toMatchTextContent(/642 GB\/s/);
    await expect.element(button('Measure again')).toBeEnabled();
  });

  it('says so where it computes wrongly', async () => {
    const desk = new StandInDesk();
    desk.measures = new CodedError('gpu_miscomputes', 'This GPU computes wrongly.');
    await open(desk);
    await button(/Measure/).click();
    await expect.element(page.getByText('This GPU computes wrongly.')).toBeVisible();
  });

  it('is not measured while it lends', async () => {
    const desk = new StandInDesk();
    await open(desk);
    desk.show({ name: 'serving' }, connected);
    await expect.element(button(/Measure/)).toBeDisabled();
  });
});

describe.each(states)('%s', (_, state, changes) => {
  it.each([390, 1280])('fits %d px, and has no fault that axe finds', async (width) => {
    await page.viewport(width, 900);
    const desk = new StandInDesk();
    const lending = await open(desk);
    await lending.bench.measure();
    desk.show(state, { ...connected, ...changes });
    await expect.element(page.getByText(/GB\/s/)).toBeVisible();
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    const { violations } = await axe.run(document);
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});

it('the settings have no fault that axe finds', async () => {
  await open(new StandInDesk());
  await button(/Settings/).click();
  await expect.element(page.getByRole('slider')).toBeVisible();
  const { violations } = await axe.run(document);
  expect(violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')).toEqual([]);
});
