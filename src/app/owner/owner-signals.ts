import type { ErrorBody } from '../../core/errors.ts';
import type { OwnerWishes } from '../state/settings.ts';

/** Something that the page can see of the machine or its owner, and that may be a reason not to lend. */
export interface OwnerSignal {
  /** The wish that turns it on. */
  readonly wish: keyof OwnerWishes;
  /** Why lending pauses while it holds. */
  readonly reason: ErrorBody;
  /** Whether this browser has it. */
  readonly available: () => boolean;
  /** Follows it from now on; the returned function ends that. */
  readonly follow: (tell: (holds: boolean) => void) => () => void;
}

/** Battery, visibility, load, presence: none of them has to exist. */
export const OWNER_SIGNALS: readonly OwnerSignal[] = [
  {
    wish: 'pauseOnBattery',
    reason: { code: 'on_battery', message: 'The machine runs on battery.' },
    available: () => 'getBattery' in navigator,
    follow: followBattery,
  },
  {
    wish: 'pauseWhenHidden',
    reason: { code: 'hidden', message: 'This tab is in the background.' },
    available: () => true,
    follow: followVisibility,
  },
  {
    wish: 'pauseUnderPressure',
    reason: { code: 'pressure', message: 'The machine is under heavy load.' },
    available: () => 'PressureObserver' in globalThis,
    follow: followPressure,
  },
  {
    wish: 'pauseWhenActive',
    reason: { code: 'owner_active', message: 'You are at the machine.' },
    available: () => 'IdleDetector' in globalThis,
    follow: followPresence,
  },
];

interface Battery extends EventTarget {
  readonly charging: boolean;
}

function followBattery(tell: (holds: boolean) => void): () => void {
  const ended = new AbortController();
  void (navigator as Navigator & { getBattery(): Promise<Battery> }).getBattery().then(
    (battery) => {
      if (ended.signal.aborted) return;
      const read = (): void => tell(!battery.charging);
      battery.addEventListener('chargingchange', read, { signal: ended.signal });
      read();
    },
    () => {}, // Forbidden by policy: as good as missing.
  );
  return () => ended.abort();
}

function followVisibility(tell: (holds: boolean) => void): () => void {
  const read = (): void => tell(document.visibilityState === 'hidden');
  document.addEventListener('visibilitychange', read);
  read();
  return () => document.removeEventListener('visibilitychange', read);
}

interface Pressure {
  observe(source: 'cpu', options: { sampleInterval: number }): Promise<void>;
  disconnect(): void;
}
type PressureClass = new (heard: (records: readonly { readonly state: string }[]) => void) => Pressure;

const PRESSURE_MS = 2_000;

function followPressure(tell: (holds: boolean) => void): () => void {
  const { PressureObserver } = globalThis as unknown as { PressureObserver: PressureClass };
  const observer = new PressureObserver((records) => tell(records.at(-1)?.state === 'critical'));
  observer.observe('cpu', { sampleInterval: PRESSURE_MS }).catch(() => {}); // Forbidden by policy.
  return () => observer.disconnect();
}

interface Idle extends EventTarget {
  readonly userState: 'active' | 'idle' | null;
  start(options: { threshold: number; signal: AbortSignal }): Promise<void>;
}
type IdleClass = (new () => Idle) & { requestPermission(): Promise<'granted' | 'denied'> };

/** The least that browsers allow. */
const IDLE_MS = 60_000;

function idleClass(): IdleClass {
  return (globalThis as unknown as { IdleDetector: IdleClass }).IdleDetector;
}

/** Asks the owner whether the page may know when somebody is at the machine; only after a press. */
export async function askForPresence(): Promise<boolean> {
  return (await idleClass().requestPermission()) === 'granted';
}

function followPresence(tell: (holds: boolean) => void): () => void {
  const ended = new AbortController();
  const detector = new (idleClass())();
  const read = (): void => tell(detector.userState === 'active');
  detector.addEventListener('change', read, { signal: ended.signal });
  detector.start({ threshold: IDLE_MS, signal: ended.signal }).then(read, () => {}); // No permission any more.
  return () => ended.abort();
}
