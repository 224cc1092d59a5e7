import type { LendingOrder } from '../../provider/compute/lender.ts';

const LEAST_SHARE = 0.1;

/** What a relay may owe, unless the owner says otherwise: $0.25, in pico. */
const DEFAULT_CREDIT_LIMIT = 25n * 10n ** 10n;

/** When the page pauses for its owner's sake, as far as the browser lets it see that; and whether it keeps awake. */
export interface OwnerWishes {
  readonly pauseOnBattery: boolean;
  readonly pauseWhenHidden: boolean;
  readonly pauseUnderPressure: boolean;
  readonly pauseWhenActive: boolean;
  readonly stayAwake: boolean;
}

/** What the owner chose: the order that `start` gives, and what the page itself does. */
export type Settings = LendingOrder & OwnerWishes;

const WISHES: OwnerWishes = {
  pauseOnBattery: true,
  pauseWhenHidden: false,
  pauseUnderPressure: false,
  pauseWhenActive: false,
  stayAwake: true,
};

/** @param location of the page: by default the relay is who served it. */
export function defaultSettings(location: { protocol: string; host: string }): Settings {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return {
    relayUrl: `${scheme}://${location.host}/v1/provider`,
    model: '',
    backend: 'webgpu',
    slots: 4,
    allowSoftware: false,
    creditLimit: String(DEFAULT_CREDIT_LIMIT),
    share: 1,
    giveWay: 'gpu',
    memoryBytes: 0,
    promptTokens: 0,
    ...WISHES,
  };
}

const storageKey = (profile: string): string => `afterglow-settings-${profile}`;

/** The stored settings that still make sense; others fall back to the defaults. */
export function loadSettings(storage: Storage, profile: string): Partial<Settings> {
  let stored: Partial<Record<keyof Settings, unknown>>;
  try {
    stored = JSON.parse(storage.getItem(storageKey(profile)) ?? '{}');
  } catch {
    return {}; // Damaged by hand: the defaults are better than a page that does not open.
  }
  const { relayUrl, model, backend, slots, allowSoftware, creditLimit } = stored;
  const { share, giveWay, memoryBytes, promptTokens } = stored;
  return {
    ...(typeof relayUrl === 'string' ? { relayUrl } : {}),
    ...(typeof model === 'string' ? { model } : {}),
    ...(backend === 'webgpu' || backend === 'wasm' ? { backend } : {}),
    ...(typeof slots === 'number' && slots >= 1 && slots <= 64 ? { slots } : {}),
    ...(typeof allowSoftware === 'boolean' ? { allowSoftware } : {}),
    ...(typeof creditLimit === 'string' && /^\d{1,18}$/.test(creditLimit) ? { creditLimit } : {}),
    ...(isWithin(share, LEAST_SHARE, 1) ? { share } : {}),
    ...(giveWay === 'gpu' || giveWay === 'never' ? { giveWay } : {}),
    ...(isWithin(memoryBytes, 0, 2 ** 40) ? { memoryBytes } : {}),
    ...(isWithin(promptTokens, 0, 2 ** 20) ? { promptTokens } : {}),
    ...loadWishes(stored),
  };
}

function loadWishes(stored: Partial<Record<keyof Settings, unknown>>): Partial<OwnerWishes> {
  const names = Object.keys(WISHES) as (keyof OwnerWishes)[];
  return Object.fromEntries(
    names.filter((name) => typeof stored[name] === 'boolean').map((name) => [name, stored[name]]),
  );
}

function isWithin(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

export function saveSettings(storage: Storage, profile: string, settings: Settings): void {
  storage.setItem(storageKey(profile), JSON.stringify(settings));
}

/** The fault of a relay address, or nothing. */
export function relayUrlFault(url: string): string | undefined {
  if (!URL.canParse(url)) return 'This is no address. It looks like wss://relay.example/v1/provider.';
  const { protocol } = new URL(url);
  return protocol === 'ws:' || protocol === 'wss:'
    ? undefined
    : 'The address begins with wss:// (or ws:// at home).';
}
