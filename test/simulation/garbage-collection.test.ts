import { afterAll, beforeAll, expect, test } from 'vitest';
import { configmaps } from '../../kube/api/generated/core/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'default';
beforeAll(async () => {
  cluster = await startSimulatedCluster({ scheduler: false });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('a circle of owners does not outlive the foreground deletion of one of them', async () => {
  const { client } = cluster;
  const names = ['c1', 'c2', 'c3'];
  const created = await Promise.all(names.map((name) => client.create(configmaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace } })));
  for (const [i, name] of names.entries()) {
    const owner = created[(i + 2) % 3]?.metadata;
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: owner?.name, uid: owner?.uid, controller: true, blockOwnerDeletion: true }];
    await client.patch(configmaps, { namespace, name }, { type: 'merge', patch: { metadata: { ownerReferences } } });
  }
  await client.delete(configmaps, { namespace, name: 'c1' }, { propagationPolicy: 'Foreground' });
  await cluster.until('all three are gone', async () => {
    const { items } = await client.list(configmaps, { namespace });
    return items.every(({ metadata }) => !names.includes(metadata.name));
  });
  expect(cluster.problems).toEqual([]);
});
