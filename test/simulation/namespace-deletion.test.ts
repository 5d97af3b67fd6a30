import { afterAll, beforeAll, expect, test } from 'vitest';
import { configmaps, namespaces, pods } from '../../kube/api/generated/core/v1.ts';
import { isNotFound } from '../../kube/apimachinery/status.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'going';
beforeAll(async () => {
  cluster = await startSimulatedCluster();
  await cluster.addNodes(1);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('a namespace that is deleted keeps everything else until its last pod is gone', async () => {
  const { client } = cluster;
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace }, spec: {} });
  const spec = { containers: [{ name: 'main', image: 'nginx' }] };
  await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'held', namespace, finalizers: ['example.com/hold'] }, spec });
  await client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'needed', namespace } });
  await cluster.until('the pod runs', async () => (await client.get(pods, { namespace, name: 'held' })).status?.phase === 'Running');
  await client.delete(namespaces, { name: namespace });
  const status = await cluster.until('the controller says why it waits', async () => {
    const found = (await client.get(namespaces, { name: namespace })).status;
    return found?.conditions?.some(({ type, status: is }) => type === 'NamespaceContentRemaining' && is === 'True') === true && found;
  });
  expect(status.phase).toBe('Terminating');
  expect(status.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')?.message).toBe('Some resources are remaining: pods. has 1 resource instances');
  expect(status.conditions?.find(({ type }) => type === 'NamespaceFinalizersRemaining')?.message).toBe(
    'Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
  );
  expect((await client.get(pods, { namespace, name: 'held' })).metadata.deletionTimestamp).toBeDefined();
  expect((await client.get(configmaps, { namespace, name: 'needed' })).metadata.deletionTimestamp).toBeUndefined();
  await client.patch(pods, { namespace, name: 'held' }, { type: 'merge', patch: { metadata: { finalizers: null } } });
  await cluster.until('the namespace is gone', async () => {
    try {
      await client.get(namespaces, { name: namespace });
      return false;
    } catch (error) {
      return isNotFound(error);
    }
  });
});
