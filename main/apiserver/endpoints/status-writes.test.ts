import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const cases = [
  { name: 'ServiceCIDRs', path: '/apis/networking.k8s.io/v1/servicecidrs', spec: { cidrs: ['192.168.200.0/24'] } },
  { name: 'VolumeAttachments', path: '/apis/storage.k8s.io/v1/volumeattachments', spec: { attacher: 'a.io', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
  { name: 'FlowSchemas', path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', spec: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 9000 } },
  { name: 'ResourceClaims', path: '/apis/resource.k8s.io/v1/namespaces/default/resourceclaims', spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c' } }] } } },
];

test.each(cases)('a write of the status of $name changes no metadata', async ({ path, spec }) => {
  await send('POST', path, { body: { metadata: { name: 'one' }, spec } });
  const { status, body } = await send('PATCH', `${path}/one/status`, { body: { metadata: { labels: { a: 'b' } } } });
  expect([status, body.metadata['labels']]).toEqual([200, undefined]);
});

test('a write of the status of a Deployment changes annotations but no labels, and does not count as a generation', async () => {
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  await send('POST', path, { body: { metadata: { name: 'one' }, spec: { selector: { matchLabels: { app: 'a' } }, template } } });
  const { body } = await send('PATCH', `${path}/one/status`, { body: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } } } });
  expect(body.metadata).toMatchObject({ annotations: { c: 'd' }, generation: 1 });
  expect(body.metadata['labels']).toBeUndefined();
});

test('a new annotation of a Deployment counts as a generation, since replica sets get it too', async () => {
  const path = '/apis/apps/v1/namespaces/default/deployments/one';
  expect((await send('PATCH', path, { body: { metadata: { annotations: { e: 'f' } } } })).body.metadata['generation']).toBe(2);
});

test('a write of a status warns of the status alone, and a new phase of a volume has a time', async () => {
  const path = '/api/v1/persistentvolumes';
  await send('POST', path, { body: { metadata: { name: 'rbd' }, spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], rbd: { monitors: ['a'], image: 'i' } } } });
  const answer = await send('PATCH', `${path}/rbd/status`, { body: { status: { phase: 'Available', lastPhaseTransitionTime: null } } });
  expect([answer.headers['warning'], Object.keys(answer.body['status'] as object)]).toEqual([undefined, ['phase', 'lastPhaseTransitionTime']]);
});
