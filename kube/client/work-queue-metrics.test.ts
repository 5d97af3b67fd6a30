import { expect, it } from 'vitest';
import { MetricsRegistry } from '../apimachinery/metrics/metrics-registry.ts';
import { VirtualClock } from '../apimachinery/virtual-clock.ts';
import { RateLimitedWorkQueue } from './rate-limited-work-queue.ts';
import { WorkQueueMetrics } from './work-queue-metrics.ts';

const never = new AbortController().signal;

function setUp(): { clock: VirtualClock; queue: RateLimitedWorkQueue<string>; shown: (name: string) => number | undefined } {
  const clock = new VirtualClock();
  const registry = new MetricsRegistry();
  const queue = new RateLimitedWorkQueue<string>({ clock, meter: new WorkQueueMetrics(registry, clock).meterOf('job') });
  return {
    clock, queue,
    shown(name) {
      const line = registry.text().split('\n').find((text) => text.startsWith(`workqueue_${name}{name="job"}`));
      return line === undefined ? undefined : Number(line.split(' ')[1]);
    },
  };
}

it('tells how many keys wait, how long they waited and how long work took', async () => {
  const { clock, queue, shown } = setUp();
  queue.add('a');
  queue.add('b');
  queue.add('a');
  expect([shown('adds_total'), shown('depth')]).toEqual([2, 2]);
  await clock.advance(2_000);
  const key = await queue.get(never);
  await clock.advance(3_000);
  expect([shown('depth'), shown('unfinished_work_seconds'), shown('longest_running_processor_seconds')]).toEqual([1, 3, 3]);
  queue.done(key);
  expect([shown('queue_duration_seconds_sum'), shown('work_duration_seconds_sum'), shown('unfinished_work_seconds')]).toEqual([2, 3, 0]);
});

it('counts a key that is added during its work once, as waiting', async () => {
  const { queue, shown } = setUp();
  queue.add('a');
  const key = await queue.get(never);
  queue.add('a');
  queue.add('a');
  expect([shown('adds_total'), shown('depth')]).toEqual([2, 1]);
  queue.done(key);
  expect(shown('depth')).toBe(1);
  expect(await queue.get(never)).toBe('a');
});

it('counts what is tried again', async () => {
  const { clock, queue, shown } = setUp();
  queue.addRateLimited('a');
  await clock.advance(10);
  expect([shown('retries_total'), shown('adds_total')]).toEqual([1, 1]);
});
