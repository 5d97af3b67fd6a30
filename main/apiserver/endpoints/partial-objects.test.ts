import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApiServer, type TestApiServer } from '../testing.ts';
import { requestsTo } from '../testing-requests.ts';

let server: TestApiServer;
const send = requestsTo(() => server);
beforeAll(async () => {
  server = await startTestApiServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const DAEMON_SETS = '/apis/apps/v1/namespaces/default/daemonsets';
const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const as = (kind: string) => ({ accept: `application/json;as=${kind};v=v1;g=meta.k8s.io` });

test('the metadata of a DaemonSet alone is without the annotation that stands for a field', async () => {
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const created = await send('POST', DAEMON_SETS, { body: { metadata: { name: 'd' }, spec: { selector: { matchLabels: { app: 'a' } }, template } } });
  expect(created.body.metadata['annotations']).toEqual({ 'deprecated.daemonset.template.generation': '1' });
  const one = await send('GET', `${DAEMON_SETS}/d`, { headers: as('PartialObjectMetadata') });
  const list = await send('GET', DAEMON_SETS, { headers: as('PartialObjectMetadataList') });
  const table = await send('GET', DAEMON_SETS, { headers: as('Table') });
  const items = list.body['items'] as readonly { metadata: Record<string, unknown> }[];
  const rows = table.body['rows'] as readonly { object: { metadata: Record<string, unknown> } }[];
  for (const metadata of [one.body.metadata, items[0]?.metadata, rows[0]?.object.metadata]) {
    expect(metadata).toMatchObject({ name: 'd' });
    expect(metadata).not.toHaveProperty('annotations');
  }
});

test('a Job has the labels that are generated into a template without any', async () => {
  const spec = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } } };
  const { body } = await send('POST', '/apis/batch/v1/namespaces/default/jobs', { body: { metadata: { name: 'j' }, spec } });
  expect(body.metadata['labels']).toMatchObject({ 'job-name': 'j', 'batch.kubernetes.io/job-name': 'j' });
  expect(Object.keys(body.metadata).slice(-2)).toEqual(['labels', 'managedFields']);
  const long = await send('POST', '/apis/batch/v1/namespaces/default/jobs', { body: { metadata: { name: 'a'.repeat(64) }, spec } });
  expect(long.body.message).not.toContain('metadata.labels');
});

test('rows with whole objects have their kind', async () => {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'row' } } });
  const { body } = await send('GET', `${CONFIG_MAPS}?includeObject=Object`, { headers: as('Table') });
  expect((body['rows'] as readonly { object: object }[])[0]?.object).toMatchObject({ kind: 'ConfigMap', apiVersion: 'v1' });
});

test('each row of FlowSchemas, which stand by precedence, has its own object', async () => {
  const { body } = await send('GET', '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas', { headers: as('Table') });
  const rows = body['rows'] as readonly { cells: readonly unknown[]; object: { metadata: { name: string } } }[];
  expect(rows[0]?.cells[0]).toBe('exempt');
  expect(rows.map(({ object }) => object.metadata.name)).toEqual(rows.map(({ cells }) => cells[0]));
});

test('a HorizontalPodAutoscaler of v1 is printed with all its metrics, and its metadata alone is without the annotations that stand for them', async () => {
  const metrics = [{ type: 'Pods', pods: { metric: { name: 'q' }, target: { type: 'AverageValue', averageValue: '5' } } }];
  const path = (version: string): string => `/apis/autoscaling/${version}/namespaces/default/horizontalpodautoscalers`;
  const created = await send('POST', path('v2'), { body: { metadata: { name: 'h' }, spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, metrics } } });
  expect(created.status, created.body.message).toBe(201);
  const one = await send('GET', `${path('v1')}/h`);
  expect(Object.keys(one.body.metadata['annotations'] as object)).toEqual(['autoscaling.alpha.kubernetes.io/metrics']);
  for (const target of [path('v1'), `${path('v1')}/h`]) {
    const table = await send('GET', target, { headers: as('Table') });
    const [row] = table.body['rows'] as readonly { cells: readonly unknown[]; object: { metadata: Record<string, unknown> } }[];
    expect(row?.cells[2]).toBe('<unknown>/5');
    expect(row?.object.metadata).not.toHaveProperty('annotations');
  }
  const whole = await send('GET', `${path('v1')}?includeObject=Object`, { headers: as('Table') });
  expect((whole.body['rows'] as readonly { object: object }[])[0]?.object).toMatchObject({ apiVersion: 'autoscaling/v1' });
});

test('a list of no metadata has null for items', async () => {
  const { body } = await send('GET', '/api/v1/namespaces/default/podtemplates', { headers: as('PartialObjectMetadataList') });
  expect(body['items']).toBeNull();
});

test('a list is no single object, nor the other way round', async () => {
  const list = await send('GET', CONFIG_MAPS, { headers: as('PartialObjectMetadata') });
  expect([list.status, list.body.message]).toEqual([406, 'you requested PartialObjectMetadata, but the requested object is a list (*core.ConfigMapList)']);
  const one = await send('GET', `${CONFIG_MAPS}/row`, { headers: as('PartialObjectMetadataList') });
  expect([one.status, one.body.message]).toEqual([406, 'you requested PartialObjectMetadataList, but the requested object is not a list (*core.ConfigMap)']);
});

test('a patch of an object that is going away, and changes nothing, writes nothing', async () => {
  await send('POST', CONFIG_MAPS, { body: { metadata: { name: 'going', finalizers: ['x.io/f'] } } });
  const going = await send('DELETE', `${CONFIG_MAPS}/going`);
  const patched = await send('PATCH', `${CONFIG_MAPS}/going`, { body: { metadata: { deletionTimestamp: null } } });
  expect(patched.body.metadata['resourceVersion']).toBe(going.body.metadata['resourceVersion']);
});

test('components are a list of metadata too', async () => {
  const { body } = await send('GET', '/api/v1/componentstatuses', { headers: as('PartialObjectMetadataList') });
  expect(body['items']).toContainEqual({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'etcd-0' } });
});

test('what is made for one answer has its metadata alone too, and no columns', async () => {
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const body = { spec: { nonResourceAttributes: { path: '/x', verb: 'get' } } };
  const ask = (kind: string) => send('POST', path, { body, headers: as(kind) });
  expect(await ask('PartialObjectMetadata')).toMatchObject({ status: 201, body: { kind: 'PartialObjectMetadata', metadata: {} } });
  expect((await ask('PartialObjectMetadata')).body).not.toHaveProperty('status');
  const list = await ask('PartialObjectMetadataList');
  expect([list.status, list.body['message']]).toEqual([406, 'you requested PartialObjectMetadataList, but the requested object is not a list (*authorization.SelfSubjectAccessReview)']);
  expect((await ask('Table')).status).toBe(406);
});

test('a subresource without columns is not printed', async () => {
  expect((await send('GET', '/api/v1/namespaces/default/pods/none/ephemeralcontainers', { headers: as('Table') })).status).toBe(406);
  expect((await send('GET', '/api/v1/namespaces/default/pods/none/status', { headers: as('Table') })).status).toBe(404);
});
