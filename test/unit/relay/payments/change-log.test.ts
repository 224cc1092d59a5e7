import { expect, it } from 'vitest';
import type { ChannelChange } from '../../../../src/relay/payments/chain-port.ts';
import { createChangeLog } from '../../../../src/relay/payments/change-log.ts';
import { SimClock } from '../../../../src/sim/sim-clock.ts';

const change = (digit: string, block: number, fork = 'a'): ChannelChange => ({
  channel: `0x${digit.repeat(64)}`,
  block,
  mark: `${fork}/${block}/${digit}`,
});

it('K13 names a channel when something happened to it, when that is confirmed, and when it is in no block or in another one', async () => {
  let all: ChannelChange[] = [];
  const changes = async (from: number, to: number): Promise<ChannelChange[]> =>
    all.filter(({ block }) => block >= from && block <= to);
  const log = createChangeLog({ changes }, new SimClock(), 2);
  const upTo = async (newest: number): Promise<string[]> =>
    [...(await log.upTo(newest))].map((channel) => channel.slice(2, 3));

  all = [change('1', 5)];
  expect(await upTo(5)).toEqual(['1']);
  expect(await upTo(5)).toEqual([]);
  // Two blocks deep: confirmed.
  expect(await upTo(6)).toEqual(['1']);
  expect(await upTo(7)).toEqual([]);
  // Beside it there is something now that was not there before, in a block that was looked at.
  all = [change('1', 5), change('2', 6)];
  expect(await upTo(8)).toEqual(['2']);
  // Moved, and gone.
  all = [change('1', 5, 'b')];
  expect(await upTo(9)).toEqual(['1', '2']);
  // What left the window is old, and not gone.
  expect(await upTo(100)).toEqual([]);
  expect(await upTo(101)).toEqual([]);
  // An older block, and then a newer one: nothing in between is lost.
  all = [change('3', 103)];
  expect(await upTo(102)).toEqual([]);
  expect(await upTo(104)).toEqual(['3']);
  expect(await upTo(102)).toEqual(['3']);
  expect(await upTo(104)).toEqual(['3']);
});
