import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpoints, services } from '../../kube/api/generated/core/v1.ts';
import { type EndpointSlice, endpointslices } from '../../kube/api/generated/discovery/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'default';
beforeAll(async () => {
  cluster = await startSimulatedCluster({ scheduler: false });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('Endpoints that somebody made for a Service without a selector are mirrored, followed and taken away', async () => {
  const { client } = cluster;
  const addressesOf = (slices: readonly EndpointSlice[]): string[] => slices.flatMap((slice) => (slice.endpoints ?? []).flatMap(({ addresses }) => addresses));
  const mirrored = async (): Promise<string> => addressesOf((await client.list(endpointslices, { namespace, labelSelector: 'kubernetes.io/service-name=custom' })).items).join();
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'custom', namespace }, spec: { ports: [{ port: 80 }] } });
  await client.create(endpoints, { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: 'custom', namespace }, subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }] });
  await cluster.until('a slice has the address', async () => (await mirrored()) === '10.1.2.3');
  const subsets = [{ addresses: [{ ip: '10.2.3.4' }], ports: [{ port: 80 }] }];
  await client.patch(endpoints, { namespace, name: 'custom' }, { type: 'merge', patch: { subsets } });
  await cluster.until('it follows', async () => (await mirrored()) === '10.2.3.4');
  await client.delete(endpoints, { namespace, name: 'custom' });
  await cluster.until('it goes', async () => (await mirrored()) === '');
  const { items } = await client.list(endpointslices, { namespace, labelSelector: 'endpointslice.kubernetes.io/managed-by=endpointslicemirroring-controller.k8s.io' });
  expect(items).toEqual([]);
});
