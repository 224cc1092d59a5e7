/** Model files in the origin's private file system, in a page and across openings. */
import { expect, test } from 'vitest';
import { openOriginStore } from '../../src/engine/models/origin-store.ts';

test('a file is there for whoever opens the store again, until it is removed', async () => {
  const name = `models-${crypto.randomUUID()}`;
  const bytes = crypto.getRandomValues(new Uint8Array(60_000));
  const store = await openOriginStore(name);
  expect(await store.read('aa')).toBeUndefined();
  await store.remove('aa');
  await store.write('aa', bytes);
  await store.write('bb', bytes.slice(0, 10));
  const again = await openOriginStore(name);
  expect(await again.read('aa')).toEqual(bytes);
  await again.remove('aa');
  expect(await store.read('aa')).toBeUndefined();
  expect(await store.read('bb')).toHaveLength(10);
});
