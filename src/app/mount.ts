import { h, render } from 'preact';
import type { Lending } from './state/lending.ts';
import { App } from './view/app.tsx';
import './style/palette.css';
import './style/base.css';
import './style/layout.css';
import './style/hero.css';
import './style/cards.css';
import './style/earnings.css';
import './style/dialogs.css';

/** Shows the page in an element. The returned function takes it away. */
export function mount(root: HTMLElement, lending: Lending): () => void {
  render(h(App, { lending }), root);
  return () => render(null, root);
}
