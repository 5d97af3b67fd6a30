import { afterAll, beforeAll, expect, test } from 'vitest';
import { replicasets, statefulsets } from '../../kube/api/generated/apps/v1.ts';
import { jobs } from '../../kube/api/generated/batch/v1.ts';
import { type Pod, pods } from '../../kube/api/generated/core/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'default';
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(1);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const spec = { containers: [{ name: 'main', image: 'nginx' }] };
const workloads = {
  Job: (app: string) => cluster.client.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: app, namespace }, spec: { template: { metadata: { name: '', labels: { app } }, spec: { ...spec, restartPolicy: 'Never' } } } }),
  ReplicaSet: (app: string) => cluster.client.create(replicasets, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: app, namespace }, spec: { selector: { matchLabels: { app } }, template: { metadata: { name: '', labels: { app } }, spec } } }),
  StatefulSet: (app: string) => cluster.client.create(statefulsets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: app, namespace }, spec: { selector: { matchLabels: { app } }, serviceName: app, template: { metadata: { name: '', labels: { app } }, spec } } }),
};

test.each(Object.keys(workloads) as (keyof typeof workloads)[])('a %s takes its pod back when it was orphaned, and lets go of one whose labels no longer match', async (kind) => {
  const app = kind.toLowerCase();
  await workloads[kind](app);
  const running = (pod: Pod): boolean => pod.status?.phase === 'Running';
  const first = await cluster.until('its pod runs', async () => (await cluster.client.list(pods, { namespace, labelSelector: `app=${app}` })).items.find(running));
  const target = { namespace, name: first.metadata.name };
  const controllerOf = async (): Promise<string | undefined> => (await cluster.client.get(pods, target)).metadata.ownerReferences?.find(({ controller }) => controller === true)?.kind;
  await cluster.client.patch(pods, target, { type: 'merge', patch: { metadata: { ownerReferences: null } } });
  await cluster.until('the orphan is adopted', async () => (await controllerOf()) === kind);
  await cluster.client.patch(pods, target, { type: 'merge', patch: { metadata: { labels: null } } });
  await cluster.until('the stranger is released', async () => (await controllerOf()) === undefined);
  expect((await cluster.client.get(pods, target)).metadata.finalizers ?? []).toEqual([]);
});
