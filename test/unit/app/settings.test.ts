import { describe, expect, it } from 'vitest';
import { readParameters } from '../../../src/app/state/page-parameters.ts';
import {
  defaultSettings,
  loadSettings,
  relayUrlFault,
  saveSettings,
} from '../../../src/app/state/settings.ts';

class MemoryStorage {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
}

describe('the page’s address', () => {
  it('says everything that automation needs', () => {
    const search =
      '?relay=ws://h:1/v1/provider&model=m-q4&backend=wasm&slots=8&software=allow&autostart=1&demo=1&profile=a';
    expect(readParameters(search)).toEqual({
      profile: 'a',
      autostart: true,
      demo: true,
      settings: {
        relayUrl: 'ws://h:1/v1/provider',
        model: 'm-q4',
        backend: 'wasm',
        slots: 8,
        allowSoftware: true,
      },
    });
  });

  it('changes nothing where it says nothing, or nonsense', () => {
    expect(readParameters('')).toEqual({
      profile: 'default',
      autostart: false,
      demo: false,
      settings: {},
    });
    expect(readParameters('?backend=cuda&slots=-3&slots=x').settings).toEqual({});
    expect(readParameters('?slots=1000').settings).toEqual({ slots: 64 });
  });
});

describe('settings', () => {
  it('name the relay that served the page', () => {
    expect(defaultSettings({ protocol: 'https:', host: 'r.example' }).relayUrl).toBe(
      'wss://r.example/v1/provider',
    );
    expect(defaultSettings({ protocol: 'http:', host: 'localhost:8787' }).relayUrl).toBe(
      'ws://localhost:8787/v1/provider',
    );
  });

  it('are kept per profile', () => {
    const storage = new MemoryStorage() as unknown as Storage;
    const settings = { ...defaultSettings({ protocol: 'https:', host: 'r' }), slots: 7 };
    saveSettings(storage, 'a', settings);
    expect(loadSettings(storage, 'a')).toEqual(settings);
    expect(loadSettings(storage, 'b')).toEqual({});
  });

  it.each([
    'not json',
    '{"slots":"many","backend":3,"relayUrl":null}',
    '{"slots":0}',
    '{"creditLimit":"0.5"}',
  ])('survive a damaged store: %s', (text) => {
    const storage = new MemoryStorage();
    storage.setItem('afterglow-settings-a', text);
    expect(loadSettings(storage as unknown as Storage, 'a')).toEqual({});
  });

  it('refuse what is no relay’s address', () => {
    expect(relayUrlFault('wss://relay.example/v1/provider')).toBeUndefined();
    for (const url of ['', 'relay', 'https://relay.example']) expect(relayUrlFault(url)).toBeTypeOf('string');
  });
});
