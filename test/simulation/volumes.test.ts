import { afterAll, beforeAll, expect, test } from 'vitest';
import { events, persistentvolumeclaims, pods } from '../../kube/api/generated/core/v1.ts';
import { storageclasses } from '../../kube/api/generated/storage/v1.ts';
import { startSimulatedCluster, type SimulatedCluster } from './simulated-cluster.ts';

const namespace = 'default';
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster({ scheduler: false });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
const podWithVolume = (name: string) => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace },
  spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'scratch', ephemeral: { volumeClaimTemplate: { metadata: { name: '', labels: { app: 'a' } }, spec: claimSpec } } }] },
});

test('a generic ephemeral volume gets a claim that belongs to the pod', async () => {
  const pod = await cluster.client.create(pods, podWithVolume('p'));
  const claims = async () => (await cluster.client.list(persistentvolumeclaims, { namespace, labelSelector: 'app=a' })).items;
  await cluster.until('the claim is there', async () => (await claims()).length === 1);
  const [claim] = await claims();
  expect(claim?.metadata).toMatchObject({ name: 'p-scratch', ownerReferences: [{ kind: 'Pod', name: 'p', uid: pod.metadata.uid, controller: true }] });
});

test('a claim of that name that is not of the pod is left alone, and the pod told', async () => {
  await cluster.client.create(persistentvolumeclaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'q-scratch', namespace }, spec: claimSpec });
  await cluster.client.create(pods, podWithVolume('q'));
  const messages = async (): Promise<readonly string[]> => (await cluster.client.list(events, { namespace, fieldSelector: 'involvedObject.name=q' })).items.map(({ message }) => message ?? '');
  await cluster.until('an event tells', async () => (await messages()).length > 0);
  expect((await messages())[0]).toBe('ephemeral volume scratch: PVC default/q-scratch was not created for pod default/q (pod is not owner)');
});

test('a claim from before there was a default class gets that class', async () => {
  const metadata = { name: 'early', namespace };
  await cluster.client.create(persistentvolumeclaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: claimSpec });
  const annotations = { 'storageclass.kubernetes.io/is-default-class': 'true' };
  await cluster.client.create(storageclasses, { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'fast', annotations }, provisioner: 'p' });
  await cluster.until('it has the class', async () => (await cluster.client.get(persistentvolumeclaims, metadata)).spec.storageClassName === 'fast');
});
