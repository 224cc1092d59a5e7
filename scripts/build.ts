/** `npm run build`: the page and its workers, into `dist/`. */
import { build } from 'vite';

await build();
