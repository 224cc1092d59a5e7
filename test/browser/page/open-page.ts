import { signal } from '@preact/signals';
import axe from 'axe-core';
import { expect } from 'vitest';
import { page } from 'vitest/browser';
import { mount } from '../../../src/app/mount.ts';
import { createLending, type Lending } from '../../../src/app/state/lending.ts';
import { createLibrary } from '../../../src/app/state/library.ts';
import type { Place } from '../../../src/app/state/place.ts';
import type { Settings } from '../../../src/app/state/settings.ts';
import type { LenderStatus } from '../../../src/provider/compute/lender-status.ts';
import type { StandInDesk } from './stand-in-desk.ts';
import { StandInModels } from './stand-in-models.ts';

const settings: Settings = {
  relayUrl: 'ws://relay/v1/provider',
  model: '',
  backend: 'webgpu',
  slots: 4,
  allowSoftware: false,
  creditLimit: '250000000000',
  share: 1,
  giveWay: 'gpu',
  memoryBytes: 0,
  promptTokens: 0,
  pauseOnBattery: true,
  pauseWhenHidden: false,
  pauseUnderPressure: false,
  pauseWhenActive: false,
  stayAwake: false,
};
/** What the page stored, since it was opened. */
export const saved: Settings[] = [];
let close: (() => void) | undefined;

export const button = (name: string | RegExp) => page.getByRole('button', { name });
export const connected: Partial<LenderStatus> = {
  relay: { url: '', connected: true, free: true },
  stepMs: 8,
};

/** The downloads that the page remembers, over a reload. */
export let remembered: readonly string[] = [];

export interface OpenOptions {
  readonly demo?: boolean;
  readonly place?: Place;
  readonly models?: StandInModels;
}

/** Shows the page over stand-in desks; the one before is gone. */
export async function open(
  desk: StandInDesk,
  { demo = false, place = 'lending', models = new StandInModels() }: OpenOptions = {},
): Promise<Lending> {
  closePage();
  document.documentElement.lang = 'en';
  document.title = 'Afterglow';
  const root = document.body.appendChild(document.createElement('div'));
  const lending = createLending(desk, settings, {
    save: (changed) => saved.push(changed),
    demo,
    storage: sessionStorage,
  });
  const library = createLibrary(models, {
    load: () => remembered,
    save: (ids) => {
      remembered = ids;
    },
  });
  const unmount = mount(root, { lending, library, place: signal(place) });
  close = () => {
    unmount();
    root.remove();
  };
  await lending.begin();
  return lending;
}

export function closePage(): void {
  close?.();
  close = undefined;
  saved.length = 0;
}

/** Nothing sticks out, nothing is cut off, and axe finds no fault. @param width of the window, in px */
export async function expectSound(width: number): Promise<void> {
  expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
  for (const element of document.querySelectorAll(
    'h2, h3, h4, p, dd, dt, button, .badge, .pill, li, span, a',
  )) {
    if (getComputedStyle(element).clipPath !== 'none') continue; // For screen readers only.
    expect(element.scrollWidth, `clipped: ${element.textContent}`).toBeLessThanOrEqual(
      Math.max(element.clientWidth, (element as HTMLElement).offsetWidth) + 1,
    );
  }
  const { violations } = await axe.run(document);
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}
