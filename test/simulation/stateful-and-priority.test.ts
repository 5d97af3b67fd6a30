import { afterAll, beforeAll, expect, test } from 'vitest';
import { deployments, replicasets, statefulsets } from '../../kube/api/generated/apps/v1.ts';
import { type Pod, pods } from '../../kube/api/generated/core/v1.ts';
import { priorityclasses } from '../../kube/api/generated/scheduling/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

const namespace = 'default';
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(2);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const podsOf = async (app: string): Promise<readonly Pod[]> => (await cluster.client.list(pods, { namespace, labelSelector: `app=${app}` })).items;

test('a StatefulSet starts in order, updates from the top and shrinks from the top', async () => {
  const labels = { app: 'db' };
  const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'db', image: 'db:1' }] } };
  await cluster.client.create(statefulsets, { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'db', namespace }, spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: labels }, template } });
  const untilReady = (count: number, image: string): Promise<unknown> =>
    cluster.until(`${count} pods of ${image} run`, async () => {
      const found = await podsOf('db');
      const { status } = await cluster.client.get(statefulsets, { namespace, name: 'db' });
      return found.length === count && found.every((pod) => pod.status?.phase === 'Running' && pod.spec.containers[0]?.image === image) && status?.readyReplicas === count && status.currentRevision === status.updateRevision;
    });
  await untilReady(3, 'db:1');
  const started = (await podsOf('db')).toSorted((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion));
  expect(started.map(({ metadata }) => [metadata.name, metadata.generateName])).toEqual([['db-0', 'db-'], ['db-1', 'db-'], ['db-2', 'db-']]);
  const patch = { spec: { template: { spec: { containers: [{ name: 'db', image: 'db:2' }] } } } };
  await cluster.client.patch(statefulsets, { namespace, name: 'db' }, { type: 'strategic', patch });
  await untilReady(3, 'db:2');
  await cluster.client.patch(statefulsets, { namespace, name: 'db' }, { type: 'merge', patch: { spec: { replicas: 1 } } });
  await untilReady(1, 'db:2');
  expect((await podsOf('db')).map(({ metadata }) => metadata.name)).toEqual(['db-0']);
});

test('foreground deletion ends with the owner', async () => {
  const labels = { app: 'fore' };
  const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  await cluster.client.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'fore', namespace }, spec: { replicas: 2, selector: { matchLabels: labels }, template } });
  await cluster.until('its pods run', async () => (await podsOf('fore')).filter(({ status }) => status?.phase === 'Running').length === 2);
  await cluster.client.delete(deployments, { namespace, name: 'fore' }, { propagationPolicy: 'Foreground' });
  await cluster.until('all of it is gone', async () => {
    const left = await cluster.client.list(deployments, { namespace });
    const sets = await cluster.client.list(replicasets, { namespace, labelSelector: 'app=fore' });
    return left.items.length + sets.items.length + (await podsOf('fore')).length === 0;
  });
});

test('orphaning leaves the pods', async () => {
  const labels = { app: 'left' };
  const template = { metadata: { name: '', labels }, spec: { containers: [{ name: 'web', image: 'web' }] } };
  await cluster.client.create(replicasets, { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'left', namespace }, spec: { replicas: 2, selector: { matchLabels: labels }, template } });
  await cluster.until('its pods run', async () => (await podsOf('left')).filter(({ status }) => status?.phase === 'Running').length === 2);
  await cluster.client.delete(replicasets, { namespace, name: 'left' }, { propagationPolicy: 'Orphan' });
  await cluster.until('the ReplicaSet is gone', async () => (await cluster.client.list(replicasets, { namespace, labelSelector: 'app=left' })).items.length === 0);
  await cluster.until('its pods have no owner', async () => (await podsOf('left')).every(({ metadata }) => (metadata.ownerReferences ?? []).length === 0));
  expect(await podsOf('left')).toHaveLength(2);
});

test('an important pod takes the place of a lesser one', async () => {
  await cluster.client.create(priorityclasses, { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'high' }, value: 1000 } as never);
  const pod = (name: string, priorityClassName?: string): Pod => ({
    apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: { app: 'prio' } },
    spec: { containers: [{ name: 'm', image: 'm', resources: { requests: { cpu: '20' } } }], ...(priorityClassName && { priorityClassName }) },
  });
  for (const name of ['low-1', 'low-2']) await cluster.client.create(pods, pod(name));
  await cluster.until('both run', async () => (await podsOf('prio')).filter(({ status }) => status?.phase === 'Running').length === 2);
  await cluster.client.create(pods, pod('high', 'high'));
  await cluster.until('the important one runs', async () => (await podsOf('prio')).some(({ metadata, status }) => metadata.name === 'high' && status?.phase === 'Running'));
  expect(await podsOf('prio')).toHaveLength(2);
});
