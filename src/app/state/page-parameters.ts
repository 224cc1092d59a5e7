import type { Settings } from './settings.ts';

/** What the page's address may say, for automation and for links: it wins over the stored settings, and is not stored. */
export interface PageParameters {
  readonly profile: string;
  readonly autostart: boolean;
  /** Shows the button that kills this tab's worker, so that people see a stream move. */
  readonly demo: boolean;
  readonly settings: Partial<Settings>;
}

/**
 * @example ?relay=ws://localhost:8080/v1/provider&model=shakespeare-1m-fp32&backend=wasm&slots=4&software=allow&giveway=always&autostart=1&demo=1&profile=a
 */
export function readParameters(search: string): PageParameters {
  const query = new URLSearchParams(search);
  const relayUrl = query.get('relay');
  const model = query.get('model');
  const backend = query.get('backend');
  const slots = Number(query.get('slots'));
  const giveWay = query.get('giveway');
  const software = query.get('software');
  return {
    profile: query.get('profile') ?? 'default',
    autostart: query.get('autostart') === '1',
    demo: query.get('demo') === '1',
    settings: {
      ...(relayUrl ? { relayUrl } : {}),
      ...(model ? { model } : {}),
      ...(backend === 'webgpu' || backend === 'wasm' ? { backend } : {}),
      ...(Number.isInteger(slots) && slots > 0 ? { slots: Math.min(64, slots) } : {}),
      ...(giveWay === 'gpu' || giveWay === 'always' || giveWay === 'never' ? { giveWay } : {}),
      ...(software ? { allowSoftware: software === 'allow' } : {}),
    },
  };
}
