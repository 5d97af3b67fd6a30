import { afterAll, beforeAll, expect, test } from 'vitest';
import { services } from '../../kube/api/generated/core/v1.ts';
import { ipaddresses, servicecidrs } from '../../kube/api/generated/networking/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

let cluster: SimulatedCluster;
const namespace = 'default';
beforeAll(async () => {
  cluster = await startSimulatedCluster({ scheduler: false });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

test('the address of a Service is an IPAddress as long as the Service lives', async () => {
  const { client } = cluster;
  const { spec } = await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace }, spec: { ports: [{ port: 80 }] } });
  const ip = spec?.clusterIP ?? '';
  const find = async () => (await client.list(ipaddresses, {})).items.find(({ metadata }) => metadata.name === ip);
  const address = await cluster.until('its IPAddress is there', find);
  expect(address.metadata.labels).toEqual({ 'ipaddress.kubernetes.io/ip-family': 'IPv4', 'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io' });
  expect(address.spec?.parentRef).toEqual({ resource: 'services', namespace, name: 'web' });
  expect(address.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['kube-apiserver']);
  await client.delete(ipaddresses, { name: ip });
  await cluster.until('a deleted one is made anew', find);
  await client.delete(services, { namespace, name: 'web' });
  await cluster.until('it goes with the Service', async () => (await find()) === undefined);
});

test('the range of the cluster is ready, and is not deleted while a Service has an address of it', async () => {
  const { client } = cluster;
  const ready = async () => (await client.get(servicecidrs, { name: 'kubernetes' })).status?.conditions?.find(({ type }) => type === 'Ready');
  const first = await cluster.until('it is ready', async () => ((await ready())?.status === 'True' ? ready() : undefined));
  expect(first?.message).toBe('Kubernetes Service CIDR is ready');
  await client.create(services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'holder', namespace }, spec: { ports: [{ port: 80 }] } });
  await cluster.until('its address is known', async () => (await client.list(ipaddresses, {})).items.some(({ spec }) => spec?.parentRef?.name === 'holder'));
  await client.delete(servicecidrs, { name: 'kubernetes' });
  const held = await cluster.until('it says why it stays', async () => ((await ready())?.status === 'False' ? ready() : undefined));
  expect(held).toMatchObject({ reason: 'Terminating', message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR' });
  expect((await client.get(servicecidrs, { name: 'kubernetes' })).metadata.finalizers).toEqual(['networking.k8s.io/service-cidr-finalizer']);
  expect(cluster.problems).toEqual([]);
});
