import { expect, test } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { IdleMemory } from './idle-memory.ts';

/** Each entry is the work done in two seconds; gives how often memory had been released after each. */
async function releasesAfter(workMs: readonly number[]): Promise<readonly number[]> {
  const clock = new VirtualClock();
  let busyMs = 0;
  let releases = 0;
  using _idle = new IdleMemory({ clock, busyMs: () => busyMs, release: () => releases++ });
  const counts: number[] = [];
  for (const ms of workMs) {
    busyMs += ms;
    await clock.advance(2_000);
    counts.push(releases);
  }
  return counts;
}

test.each([
  { name: 'is released once when a burst has ended', workMs: [1900, 1900, 10, 10, 10], releases: [0, 0, 1, 1, 1] },
  { name: 'is left alone while there is work', workMs: [1900, 500, 300, 1900], releases: [0, 0, 0, 0] },
  { name: 'is left alone when next to nothing was done', workMs: [10, 10, 10, 10], releases: [0, 0, 0, 0] },
  { name: 'is released again after the next burst', workMs: [1900, 10, 10, 1900, 10, 10], releases: [0, 1, 1, 1, 2, 2] },
])('memory $name', async ({ workMs, releases }) => {
  expect(await releasesAfter(workMs)).toEqual(releases);
});
