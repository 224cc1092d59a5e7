import { expect, it } from 'vitest';
import { createSponsorship } from '../../../../src/relay/payments/sponsorship.ts';

it('H7 gas is paid a bounded number of times a day, for one address and for one network address', () => {
  const clock = { time: 5 * 24 * 3_600_000 };
  const sponsorship = createSponsorship({ now: () => clock.time, after: () => () => {} }, 2);
  const take = (...names: string[]) => sponsorship.take(...names);
  const refused: unknown = expect.objectContaining({ code: 'sponsor_limit' });
  take('0xa', '10.0.0.1');
  take('0xa', '10.0.0.2');
  expect(() => take('0xa', '10.0.0.3')).toThrow(refused);
  take('0xb', '10.0.0.1');
  expect(() => take('0xc', '10.0.0.1')).toThrow(refused);
  // What was refused was not counted, for neither name.
  take('0xc', '10.0.0.3');
  take('0xc', '10.0.0.3');
  clock.time += 24 * 3_600_000 - 1;
  expect(() => take('0xa', '10.0.0.4')).toThrow(refused);
  clock.time += 1;
  take('0xa', '10.0.0.1');
});
