import { h, render } from 'preact';
import { App, type AppProps } from './view/app.tsx';
import './style/palette.css';
import './style/base.css';
import './style/layout.css';
import './style/hero.css';
import './style/cards.css';
import './style/earnings.css';
import './style/gpu.css';
import './style/dialogs.css';
import './style/models.css';

/** Shows the page in an element. The returned function takes it away. */
export function mount(root: HTMLElement, props: AppProps): () => void {
  render(h(App, props), root);
  return () => render(null, root);
}
