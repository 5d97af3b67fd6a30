import { expect, test } from 'vitest';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { Expectations } from './expectations.ts';

test.each([0, 1, -1])('what was never observed is waited for during five minutes, with the clock set by %d days meanwhile', async (days) => {
  const clock = new VirtualClock();
  const expectations = new Expectations(clock);
  expectations.expectCreations('default/web', 3);
  clock.set(days * 86_400_000);
  expectations.creationObserved('default/web');
  expect(expectations.isSatisfied('default/web')).toBe(false);
  await clock.advance(300_001);
  expect(expectations.isSatisfied('default/web')).toBe(true);
});
