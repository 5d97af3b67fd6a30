import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
const CORE = '/api/v1/namespaces/default';
const CLAIM = `${CORE}/persistentvolumeclaims/c`;
beforeAll(async () => {
  server = await startTestApiServer();
  await send('POST', `${CORE}/serviceaccounts`, { body: { metadata: { name: 'default' } } });
  await send('POST', '/apis/storage.k8s.io/v1/storageclasses', { body: { metadata: { name: 'fixed' }, provisioner: 'a.example/b' } });
  const spec = { storageClassName: 'fixed', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  await send('POST', `${CORE}/persistentvolumeclaims`, { body: { metadata: { name: 'c' }, spec } });
  const labels = { 'topology.kubernetes.io/zone': 'z', 'kubernetes.io/os': 'linux', other: 'o' };
  await send('POST', '/api/v1/nodes', { body: { metadata: { name: 'n', labels }, status: { allocatable: { cpu: '1', memory: '1Gi' } } } });
});
afterAll(() => server[Symbol.asyncDispose]());

const MERGE = { 'content-type': 'application/merge-patch+json' };
const GROW = { headers: MERGE, body: { spec: { resources: { requests: { storage: '2Gi' } } } } };

test('claims grow only when they are bound, and where their class allows it', async () => {
  const unbound = await send('PATCH', CLAIM, GROW);
  await send('PATCH', `${CLAIM}/status`, { headers: MERGE, body: { status: { phase: 'Bound', capacity: { storage: '1Gi' } } } });
  const fixed = await send('PATCH', CLAIM, GROW);
  await send('PATCH', '/apis/storage.k8s.io/v1/storageclasses/fixed', { headers: MERGE, body: { allowVolumeExpansion: true } });
  const grown = await send('PATCH', CLAIM, GROW);
  expect([unbound.status, fixed.status, grown.status]).toEqual([422, 403, 200]);
  expect(fixed.body).toMatchObject({
    message: 'persistentvolumeclaims "c" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  });
});

test('a bound pod carries the zone of its node', async () => {
  await send('POST', `${CORE}/pods`, { body: { metadata: { name: 'p', labels: { 'topology.kubernetes.io/zone': 'old' } }, spec: { containers: [{ name: 'c', image: 'x' }] } } });
  await send('POST', `${CORE}/pods/p/binding`, { body: { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n' } } });
  const { body } = await send('GET', `${CORE}/pods/p`);
  expect((body as { metadata: { labels: object } }).metadata.labels).toEqual({ 'topology.kubernetes.io/zone': 'z' });
});

test('a pod is not resized beyond its node', async () => {
  const resources = { requests: { cpu: '100m' } };
  await send('POST', `${CORE}/pods`, { body: { metadata: { name: 'r' }, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'x', resources }] } } });
  const patch = { spec: { containers: [{ name: 'c', resources: { requests: { cpu: '2' } } }] } };
  const answer = await send('PATCH', `${CORE}/pods/r/resize`, { headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: patch });
  expect(answer.body).toMatchObject({
    code: 403, message: `pods "r" is forbidden: node didn't have enough allocatable resources: cpu, requested: 2000, allocatable: 1000`, details: { causes: [{ reason: 'NodeCapacity' }] },
  });
});

test('resources of a whole pod change only on a node that says it can do that', async () => {
  const resources = { requests: { cpu: '100m' }, limits: { cpu: '200m' } };
  await send('POST', `${CORE}/pods`, { body: { metadata: { name: 'whole' }, spec: { nodeName: 'n', resources, containers: [{ name: 'c', image: 'x' }] } } });
  const resize = () => send('PATCH', `${CORE}/pods/whole/resize`, { headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: { spec: { resources: { requests: { cpu: '150m' } } } } });
  expect((await resize()).body).toMatchObject({
    code: 403, message: 'pods "whole" is forbidden: pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
  });
  await send('PATCH', '/api/v1/nodes/n/status', { headers: MERGE, body: { status: { declaredFeatures: ['InPlacePodLevelResourcesVerticalScaling'] } } });
  expect((await resize()).status).toBe(200);
});

test('init containers are resized as others are, but where they would have to restart', async () => {
  const init = (name: string, cpu: string, more: object = {}) => ({ name, image: 'x', resources: { requests: { cpu } }, ...more });
  const body = (cpu: string, more: object = {}) => ({ metadata: { name: 'init' }, spec: { nodeName: 'n', initContainers: [init('i', cpu, more)], containers: [{ name: 'c', image: 'x' }] } });
  await send('PATCH', '/api/v1/nodes/n/status', { headers: MERGE, body: { status: { declaredFeatures: ['InPlacePodVerticalScalingInitContainers'] } } });
  await send('POST', `${CORE}/pods`, { body: body('100m') });
  const resize = (spec: object) => send('PATCH', `${CORE}/pods/init/resize`, { headers: { 'content-type': 'application/strategic-merge-patch+json' }, body: { spec } });
  expect((await resize({ initContainers: [init('i', '150m')] })).status).toBe(200);
  const removed = await resize({ initContainers: [{ name: 'i', resources: { requests: { cpu: null } } }] });
  expect(removed.body).toMatchObject({ code: 422, details: { causes: [{ field: 'spec' }, { message: 'Forbidden: resource requests cannot be removed', field: 'spec.initContainers[0].resources.requests' }] } });
});
