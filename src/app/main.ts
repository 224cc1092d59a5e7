import { effect } from '@preact/signals';
import type { LenderStatus } from '../provider/compute/lender-status.ts';
import type { SelfTestOrder, SelfTestResult } from '../provider/compute/self-test.ts';
import { createWorkerDesk } from './desk/worker-desk.ts';
import { createWorkerModelDesk } from './desk/worker-model-desk.ts';
import { mount } from './mount.ts';
import { watchOwner } from './owner/watch-owner.ts';
import { createLending } from './state/lending.ts';
import { createLibrary, storedDownloads } from './state/library.ts';
import { readParameters } from './state/page-parameters.ts';
import { followPlace } from './state/place.ts';
import { defaultSettings, loadSettings, saveSettings } from './state/settings.ts';
import { describeState } from './words/state-words.ts';

declare global {
  interface Window {
    /** For automation: the latest status of the compute worker, and the page's own failure where there is one. */
    afterglow?: {
      status: LenderStatus | undefined;
      failure: { code: string; message: string } | undefined;
      selfTest(order: SelfTestOrder): Promise<SelfTestResult>;
    };
  }
}

const parameters = readParameters(location.search);
const settings = {
  ...defaultSettings(location),
  ...loadSettings(localStorage, parameters.profile),
  ...parameters.settings,
};
const desk = createWorkerDesk(parameters.profile);
const lending = createLending(desk, settings, {
  save: (changed) => saveSettings(localStorage, parameters.profile, changed),
  demo: parameters.demo,
  storage: localStorage,
});

effect(() => {
  const { title } = describeState(lending.status.value, '', 0);
  document.title = `${title} · Afterglow`;
});

effect(() => {
  const selfTest = (order: SelfTestOrder): Promise<SelfTestResult> => desk.selfTest(order);
  window.afterglow = { status: lending.status.value, failure: lending.failure.value, selfTest };
});

const root = document.getElementById('app');
if (!root) throw new Error('The page has no place for the app.');
const wanted = storedDownloads(localStorage);
const library = createLibrary(createWorkerModelDesk(), wanted);
mount(root, { lending, library, place: followPlace(window) });

watchOwner(lending);
await lending.begin();
if (wanted.load().length > 0) library.open();
if (parameters.autostart) await lending.start();
