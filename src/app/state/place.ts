import { type ReadonlySignal, signal } from '@preact/signals';

/** The two views of the page, by the part of the address behind `#`: the browser's back button works. */
export type Place = 'lending' | 'models';

export const MODELS_HASH = '#models';
export const LENDING_HASH = '#lending';

/** Follows the address as long as the page lives. */
export function followPlace(window: Pick<Window, 'addEventListener' | 'location'>): ReadonlySignal<Place> {
  const read = (): Place => (window.location.hash === MODELS_HASH ? 'models' : 'lending');
  const place = signal(read());
  window.addEventListener('hashchange', () => {
    place.value = read();
  });
  return place;
}
