import { afterAll, beforeAll, expect, test } from 'vitest';
import { customresourcedefinitions } from '../../kube/api/generated/apiextensions/v1.ts';
import { deployments } from '../../kube/api/generated/apps/v1.ts';
import { type HorizontalPodAutoscaler, horizontalpodautoscalers } from '../../kube/api/generated/autoscaling/v2.ts';
import { pods } from '../../kube/api/generated/core/v1.ts';
import type { KubernetesObject } from '../../kube/apimachinery/object-meta.ts';
import { formatTime } from '../../kube/apimachinery/time.ts';
import { HorizontalPodAutoscalerController } from '../../main/controller-manager/horizontal-pod-autoscaler/horizontal-pod-autoscaler-controller.ts';
import { systemClock } from '../../main/etcd/system-clock.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
let controller: HorizontalPodAutoscalerController;
const events: string[] = [];
const { signal } = new AbortController();

/** Passes are asked for one by one: the controller's own come every fifteen seconds. */
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(1);
  const recorder = { event: ({ reason, message }: { reason: string; message: string }) => void events.push(`${reason}: ${message}`) };
  controller = new HorizontalPodAutoscalerController({ client: cluster.client, informers: cluster.informers, clock: systemClock, recorder } as never);
  cluster.informers.start(signal);
  const metadata = { name: '', labels: { app: 'web' } };
  const container = { name: 'web', image: 'nginx:1', resources: { requests: { cpu: '100m' } } };
  await cluster.client.create(deployments, {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' },
    spec: { replicas: 1, selector: { matchLabels: { app: 'web' } }, template: { metadata, spec: { containers: [container] } } },
  });
  await cluster.client.create(horizontalpodautoscalers, {
    apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'web', namespace: 'default' },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, minReplicas: 2, maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }],
    },
  });
});
afterAll(() => cluster[Symbol.asyncDispose]());

const autoscaler = (): Promise<HorizontalPodAutoscaler> => cluster.client.get(horizontalpodautoscalers, { namespace: 'default', name: 'web' });
const conditionsOf = ({ status }: HorizontalPodAutoscaler): object => Object.fromEntries((status?.conditions ?? []).map(({ type, status: is, reason }) => [type, `${is} ${reason}`]));

async function untilRunning(count: number): Promise<readonly string[]> {
  return cluster.until(`${count} pods run`, async () => {
    const { items } = await cluster.client.list(pods, { namespace: 'default', labelSelector: 'app=web' });
    const running = items.filter(({ status }) => status?.phase === 'Running' && status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'));
    return items.length === count && running.length === count && items.map(({ metadata }) => metadata.name);
  });
}

/** Until the informers have what the pass is to see. */
async function passUntil(expected: (found: HorizontalPodAutoscaler) => boolean): Promise<HorizontalPodAutoscaler> {
  return cluster.until('a pass has come to it', async () => {
    await controller.reconcile('default/web', signal);
    const found = await autoscaler();
    return expected(found) && found;
  });
}

test('fewer pods than the minimum are made as many without asking any metric', async () => {
  const found = await passUntil(({ status }) => status?.desiredReplicas === 2);
  expect(conditionsOf(found)).toEqual({ AbleToScale: 'True SucceededRescale' });
  expect(events).toContain('SuccessfulRescale: New size: 2; reason: Current number of replicas below Spec.MinReplicas');
  await untilRunning(2);
});

test('without a metrics server it says so, and keeps what there is', async () => {
  const found = await passUntil(({ status }) => status?.conditions?.some(({ type }) => type === 'ScalingActive') === true);
  expect(conditionsOf(found)).toMatchObject({ AbleToScale: 'True SucceededGetScale', ScalingActive: 'False FailedGetResourceMetric' });
  expect(found.status?.conditions?.find(({ type }) => type === 'ScalingActive')?.message).toBe(
    'the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)',
  );
  expect(await untilRunning(2)).toHaveLength(2);
});

test('busy pods get company, as much as their use calls for', async () => {
  await serveMetrics();
  const resource = { group: 'metrics.k8s.io', version: 'v1beta1', resource: 'pods', kind: 'PodMetrics', namespaced: true } as const;
  for (const name of await untilRunning(2)) {
    const sample = {
      apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', metadata: { name, namespace: 'default', labels: { app: 'web' } },
      timestamp: formatTime(Date.now() + 3_600_000), window: '10s', containers: [{ name: 'web', usage: { cpu: '100m' } }],
    };
    await cluster.until('the metrics are served', () => cluster.client.create(resource, sample as KubernetesObject).catch(() => undefined));
  }
  const found = await passUntil(({ status }) => status?.desiredReplicas === 4);
  expect(conditionsOf(found)).toMatchObject({ ScalingActive: 'True ValidMetricFound', ScalingLimited: 'False DesiredWithinRange' });
  expect(events).toContain('SuccessfulRescale: New size: 4; reason: cpu resource utilization (percentage of request) above target');
  await untilRunning(4);
});

/** A custom resource stands in for the metrics server: to its readers it is the same. */
async function serveMetrics(): Promise<void> {
  await cluster.client.create(customresourcedefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition',
    metadata: { name: 'pods.metrics.k8s.io', annotations: { 'api-approved.kubernetes.io': 'unapproved, a stand-in for tests' } },
    spec: {
      group: 'metrics.k8s.io', scope: 'Namespaced', names: { plural: 'pods', kind: 'PodMetrics' },
      versions: [{ name: 'v1beta1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } }],
    },
  });
}
