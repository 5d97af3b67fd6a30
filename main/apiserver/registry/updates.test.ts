import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

/** Updates as a running Kubernetes 1.36.2 answers them. */
let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const IMMUTABLE = 'field is immutable';
const STORAGE = '/apis/storage.k8s.io/v1';
const VOLUME = {
  metadata: { name: 'pv' },
  spec: {
    capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], persistentVolumeReclaimPolicy: 'Retain', local: { path: '/x' },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] } },
  },
};
const NEEDS_AFFINITY = 'spec.nodeAffinity: Required value: Local volume requires node affinity';

interface Update {
  readonly name: string;
  readonly collection: string;
  readonly object: { readonly metadata: { readonly name: string } };
  readonly change: object;
  readonly causes: readonly string[];
}

const updates: readonly Update[] = [
  {
    name: 'a runtime class loses its handler: everything is checked, then what must stay', collection: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { metadata: { name: 'r' }, handler: 'x' } as Update['object'], change: { handler: '' }, causes: ['handler: Required value', `handler: Invalid value: "": ${IMMUTABLE}`],
  },
  {
    name: 'a storage class gets a topology twice', collection: `${STORAGE}/storageclasses`, object: { metadata: { name: 's' }, provisioner: 'x' } as Update['object'],
    change: { allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: ['b', 'b'] }] }] }, causes: ['allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b"'],
  },
  {
    name: 'a capacity below zero', collection: `${STORAGE}/namespaces/default/csistoragecapacities`, object: { metadata: { name: 'c' }, storageClassName: 's' } as Update['object'],
    change: { capacity: '-1' }, causes: ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
  },
  {
    name: 'a local volume loses its nodes: told twice, by the volume and by its update', collection: '/api/v1/persistentvolumes', object: VOLUME, change: { spec: { nodeAffinity: null } },
    causes: [NEEDS_AFFINITY, NEEDS_AFFINITY, 'nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA'],
  },
  {
    name: 'an attachment whose volume has no name', collection: `${STORAGE}/volumeattachments`,
    object: { metadata: { name: 'v' }, spec: { attacher: 'd.example', nodeName: 'n', source: { persistentVolumeName: 'pv' } } } as Update['object'], change: { spec: { source: { persistentVolumeName: '' } } },
    causes: [
      'spec.source.persistentVolumeName: Required value: must specify non empty persistentVolumeName', expect.stringMatching(/^spec\.source\.persistentVolumeName: Invalid value: "": a lowercase RFC 1123 subdomain/u) as unknown as string,
      `spec: Invalid value: {"Attacher":"d.example","Source":{"PersistentVolumeName":"","InlineVolumeSpec":null},"NodeName":"n"}: ${IMMUTABLE}`,
    ],
  },
  {
    name: 'an owner whose version cannot be read', collection: '/api/v1/namespaces/default/configmaps', object: { metadata: { name: 'c' } },
    change: { metadata: { ownerReferences: [{ apiVersion: 'http://x', kind: 'K', name: 'n', uid: 'u' }] } },
    causes: Array.from({ length: 4 }, () => 'metadata.ownerReferences.apiVersion: Invalid value: "http://x": version must not be empty'),
  },
];

test.each(updates)('$name', async ({ collection, object, change, causes }) => {
  expect(await send('POST', collection, { body: object })).toMatchObject({ status: 201 });
  const answer = await send('PATCH', `${collection}/${object.metadata.name}`, { body: change, headers: { 'content-type': 'application/merge-patch+json' } });
  expect(answer.status).toBe(422);
  const details = (answer.body as unknown as { details: { causes: { field: string; message: string }[] } }).details;
  expect(details.causes.map(({ field, message }) => `${field}: ${message}`)).toEqual(causes);
});

test('a runtime class is made by a PUT too', async () => {
  const body = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'put' }, handler: 'h' };
  expect((await send('PUT', '/apis/node.k8s.io/v1/runtimeclasses/put', { body })).status).toBe(201);
});

test.each([
  { query: '', key: '/registry/configmaps/default/uid' },
  { query: '?dryRun=All', key: '/configmaps/default/uid' },
])('an update of another uid names the key $key', async ({ query, key }) => {
  const path = '/api/v1/namespaces/default/configmaps';
  await send('POST', path, { body: { metadata: { name: 'uid' } } });
  const { status, body } = await send('PUT', `${path}/uid${query}`, { body: { metadata: { name: 'uid', uid: 'x' } } });
  expect([status, String(body['message']).split(', ')[2]]).toEqual([409, `Key: ${key}`]);
});

test('a priority class stays at its first generation', async () => {
  const path = '/apis/scheduling.k8s.io/v1/priorityclasses';
  await send('POST', path, { body: { metadata: { name: 'p' }, value: 1 } });
  const answer = await send('PATCH', `${path}/p`, { body: { description: 'other' }, headers: { 'content-type': 'application/merge-patch+json' } });
  expect(answer).toMatchObject({ status: 200, body: { description: 'other', metadata: { generation: 1 } } });
});

test('a suspended Job that never started may change what its pods need, and nothing else', async () => {
  const path = '/apis/batch/v1/namespaces/default/jobs';
  const container = { name: 'c', image: 'x' };
  await send('POST', path, { body: { metadata: { name: 'j' }, spec: { suspend: true, template: { spec: { restartPolicy: 'Never', containers: [container] } } } } });
  const change = (spec: object) => send('PATCH', `${path}/j`, { body: { spec: { template: { spec } } }, headers: { 'content-type': 'application/strategic-merge-patch+json' } });
  expect(await change({ containers: [{ ...container, resources: { requests: { cpu: '1' } } }] })).toMatchObject({ status: 200 });
  expect(await change({ terminationGracePeriodSeconds: 5 })).toMatchObject({ status: 422, body: { details: { causes: [{ field: 'spec.template.spec' }] } } });
});

test('a key of a Secret that is null has no bytes', async () => {
  const body = { metadata: { name: 's' }, type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': null } };
  const answer = await send('POST', '/api/v1/namespaces/default/secrets', { body });
  expect(answer).toMatchObject({ status: 422, body: { message: 'Secret "s" is invalid: data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": unexpected end of JSON input' } });
});

test('an apply whose scalars cannot be read says what it was converting', async () => {
  const body = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits: [{ type: 'Container', max: { cpu: 'x' } }] } };
  const answer = await send('PATCH', '/api/v1/namespaces/default/limitranges/l?fieldManager=m', { body, headers: { 'content-type': 'application/apply-patch+yaml' } });
  const text = "failed to convert new object (/l; /v1, Kind=LimitRange) to proper version: unable to convert unstructured object to /v1, Kind=LimitRange: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  expect(answer).toMatchObject({ status: 500, body: { message: text } });
});

test('two ports of a Service with one node port are found before anything else', async () => {
  const path = '/api/v1/namespaces/default/services';
  const ports = [{ name: 'a', port: 1 }, { name: 'b', port: 2 }];
  const created = await send('POST', path, { body: { metadata: { name: 'n' }, spec: { type: 'NodePort', selector: { a: 'b' }, ports } } });
  const { nodePort } = (created.body as unknown as { spec: { ports: { nodePort: number }[] } }).spec.ports[0] ?? { nodePort: 0 };
  const body = { spec: { ports: ports.map((port) => ({ ...port, nodePort })) } };
  const answer = await send('PATCH', `${path}/n`, { body, headers: { 'content-type': 'application/merge-patch+json' } });
  expect(answer).toMatchObject({ status: 500, body: { message: `duplicate nodePort: {TCP ${nodePort}}` } });
});
