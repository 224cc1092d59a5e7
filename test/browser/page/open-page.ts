import { page } from 'vitest/browser';
import { mount } from '../../../src/app/mount.ts';
import { createLending } from '../../../src/app/state/lending.ts';
import type { Settings } from '../../../src/app/state/settings.ts';
import type { LenderStatus } from '../../../src/provider/compute/lender-status.ts';
import type { StandInDesk } from './stand-in-desk.ts';

const settings: Settings = {
  relayUrl: 'ws://relay/v1/provider',
  model: '',
  backend: 'webgpu',
  slots: 4,
  allowSoftware: false,
  creditLimit: '250000000000',
  share: 1,
  giveWay: 'always',
  memoryBytes: 0,
  promptTokens: 0,
};
/** What the page stored, since it was opened. */
export const saved: Settings[] = [];
let close: (() => void) | undefined;

export const button = (name: string | RegExp) => page.getByRole('button', { name });
export const connected: Partial<LenderStatus> = {
  relay: { url: '', connected: true, free: true },
  stepMs: 8,
};

/** Shows the page over a stand-in desk; the one before is gone. */
export async function open(desk: StandInDesk, demo = false): Promise<void> {
  closePage();
  document.documentElement.lang = 'en';
  document.title = 'Afterglow';
  const root = document.body.appendChild(document.createElement('div'));
  const lending = createLending(desk, settings, { save: (changed) => saved.push(changed), demo });
  const unmount = mount(root, lending);
  close = () => {
    unmount();
    root.remove();
  };
  await lending.begin();
}

export function closePage(): void {
  close?.();
  close = undefined;
  saved.length = 0;
}
