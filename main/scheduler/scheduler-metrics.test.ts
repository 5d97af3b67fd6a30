import { expect, it } from 'vitest';
import { nodes, type Pod, pods } from '../../kube/api/generated/core/v1.ts';
import { MetricsRegistry } from '../../kube/apimachinery/metrics/metrics-registry.ts';
import { SeededRandom } from '../../kube/apimachinery/seeded-random.ts';
import { VirtualClock } from '../../kube/apimachinery/virtual-clock.ts';
import { FakeClient } from '../../kube/client/fake-client.ts';
import { SharedInformerFactory } from '../../kube/client/shared-informer-factory.ts';
import { runScheduler } from './scheduler.ts';
import { testNode, testPod } from './testing.ts';

it('tells how attempts to schedule pods ended, and what waits', async () => {
  const clock = new VirtualClock();
  const random = new SeededRandom(1);
  const client = new FakeClient({ clock });
  const registry = new MetricsRegistry();
  const stop = new AbortController();
  await client.create(nodes, testNode('n', { cpu: '2' }));
  const pod = (name: string, cpu: string, spec: Partial<Pod['spec']> = {}): Pod => testPod(name, { cpu, spec: { schedulerName: 'default-scheduler', ...spec } });
  await client.create(pods, pod('fits', '1'));
  await client.create(pods, pod('too-big', '8'));
  await client.create(pods, pod('gated', '1', { schedulingGates: [{ name: 'x.io/wait' }] }));
  const informers = new SharedInformerFactory({ client, clock, random });
  const running = runScheduler({ client, informers, clock, random, recorder: { event() {} }, metrics: registry, signal: stop.signal, yieldTurn: async () => {} });
  informers.start(stop.signal);
  await clock.advance(100);
  const lines = registry.text().split('\n');
  for (const line of [
    'scheduler_schedule_attempts_total{profile="default-scheduler",result="unschedulable"} 1', 'scheduler_pending_pods{queue="gated"} 1', 'scheduler_pending_pods{queue="unschedulable"} 1',
    'scheduler_unschedulable_pods{plugin="NodeResourcesFit",profile="default-scheduler"} 1', 'scheduler_cache_size{type="nodes"} 1', 'scheduler_preemption_attempts_total 1',
  ]) expect(lines).toContain(line);
  expect(lines.some((line) => /^scheduler_schedule_attempts_total\{profile="default-scheduler",result="(scheduled|error)"\} 1$/.test(line))).toBe(true);
  stop.abort(new Error('over'));
  await running;
});
