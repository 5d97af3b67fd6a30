import { expect, test } from 'vitest';
import { VirtualClock } from '../../../kube/apimachinery/virtual-clock.ts';
import type { SchedulerPlugin } from '../framework/plugin.ts';
import { prioritySort } from '../plugins/priority-sort.ts';
import { schedulingGates } from '../plugins/scheduling-gates.ts';
import { testNode, testPod } from '../testing.ts';
import { SchedulingQueue } from './scheduling-queue.ts';

const fit: SchedulerPlugin = { name: 'Fit', mayHelp: (_pod, { resource }) => resource === 'Node' };

function newQueue() {
  const clock = new VirtualClock();
  const queue = new SchedulingQueue({ clock, plugins: [schedulingGates, fit], sort: (a, b) => prioritySort.compare?.(a, b) ?? 0 });
  return { clock, queue };
}
const nodeAdded = { resource: 'Node', action: 'Add', object: testNode('n') } as const;
const rejected = { rejectedBy: new Set(['Fit']), isError: false };

test('the more important pod goes first, then the earlier one', async () => {
  const { clock, queue } = newQueue();
  queue.add(testPod('first'));
  await clock.advance(1);
  queue.add(testPod('second'));
  queue.add(testPod('urgent', { priority: 9 }));
  expect([queue.tryPop(), queue.tryPop(), queue.tryPop()].map((pod) => pod?.podInfo.uid)).toEqual(['urgent', 'first', 'second']);
});

test('an unschedulable pod waits for an event that may help its plugin', () => {
  const { queue } = newQueue();
  queue.add(testPod('p'));
  const pod = queue.tryPop();
  if (pod === undefined) throw new Error('no pod');
  queue.addUnschedulable(pod, rejected);
  queue.move({ resource: 'AssignedPod', action: 'Delete', object: testPod('other') });
  expect(queue.size).toEqual({ active: 0, backoff: 0, unschedulable: 1, gated: 0 });
  queue.move(nodeAdded);
  expect(queue.size).toEqual({ active: 0, backoff: 1, unschedulable: 0, gated: 0 });
  expect(queue.tryPop()?.podInfo.uid).toBe('p');
});

test('an event during the attempt is not lost', () => {
  const { queue } = newQueue();
  queue.add(testPod('p'));
  const pod = queue.tryPop();
  if (pod === undefined) throw new Error('no pod');
  queue.move(nodeAdded);
  queue.addUnschedulable(pod, rejected);
  expect(queue.size.backoff).toBe(1);
});

test('a pod whose attempt broke waits out its back-off', async () => {
  const { clock, queue } = newQueue();
  queue.add(testPod('p'));
  const pod = queue.tryPop();
  if (pod === undefined) throw new Error('no pod');
  queue.addUnschedulable(pod, { rejectedBy: new Set(), isError: true });
  expect(queue.tryPop()).toBeUndefined();
  await clock.advance(1_000);
  expect(queue.tryPop()?.podInfo.uid).toBe('p');
  queue[Symbol.dispose]();
});

test('a gated pod is held until its gates are gone', () => {
  const { queue } = newQueue();
  const gated = testPod('p', { spec: { schedulingGates: [{ name: 'wait' }] } });
  queue.add(gated);
  queue.move(nodeAdded);
  expect(queue.tryPop()).toBeUndefined();
  queue.update(testPod('p'), gated);
  expect(queue.tryPop()?.podInfo.uid).toBe('p');
});

test.each([1, -1])('a clock that is set by %d day neither prolongs nor skips a back-off', async (days) => {
  const { clock, queue } = newQueue();
  queue.add(testPod('p'));
  const pod = queue.tryPop();
  if (pod === undefined) throw new Error('no pod');
  queue.addUnschedulable(pod, { rejectedBy: new Set(), isError: true });
  clock.set(days * 86_400_000);
  expect(queue.tryPop()).toBeUndefined();
  await clock.advance(1_000);
  expect(queue.tryPop()?.podInfo.uid).toBe('p');
  queue[Symbol.dispose]();
});
