import { expect, test } from 'vitest';
import { namespaces, services } from '../../kube/api/generated/core/v1.ts';
import { clusterrolebindings } from '../../kube/api/generated/rbac/v1.ts';
import { RestClient } from '../../kube/client/rest-client.ts';
import { startTestApiServer } from '../apiserver/testing.ts';
import { ensureClusterObjects } from './cluster-objects.ts';

test('what is missing is made, what the user changed stays, and what let kubelets read the whole cluster is gone', async () => {
  await using server = await startTestApiServer();
  const client = new RestClient({ transport: server.transport, userAgent: 'test', acceptObjects: true });
  for (const name of ['kube-system', 'kube-public']) await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} }).catch(() => {}); // Some are there.
  await client.create(clusterrolebindings, {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRoleBinding', metadata: { name: 'coracle-node-proxier' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:node-proxier' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
  });
  await ensureClusterObjects(client);
  const bindings = async (): Promise<string[]> => (await client.list(clusterrolebindings)).items.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('coracle-'));
  expect(await bindings()).toEqual(['coracle-node-bootstrapper']);
  const dns = { name: 'kube-dns', namespace: 'kube-system' };
  await client.patch(services, dns, { type: 'merge', patch: { metadata: { labels: { mine: 'yes' } } } });
  await ensureClusterObjects(client);
  expect((await client.get(services, dns)).metadata.labels).toMatchObject({ mine: 'yes' });
  expect(await bindings()).toEqual(['coracle-node-bootstrapper']);
});
